"""Files in the state directory that nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, warning, well
from flowcron.domain.size import human_size
from flowcron.history.logfiles import find_orphans

_FEW = 100  # files; the scheduler clears them away by itself once it has the time


def leftovers(case: Case) -> Iterator[Finding]:
    """Check that there are no logs of runs that are gone, and no broken history put aside."""
    wrong = [*_orphans(case), *_kept(case)]
    yield from wrong
    if not wrong:
        yield well("nothing left over")


def _orphans(case: Case) -> Iterator[Finding]:
    if case.history is None or not case.history_path.exists():
        return
    orphans = find_orphans(case.history, case.state)
    if len(orphans) > _FEW:
        size = human_size(sum(each.stat().st_size for each in orphans if each.exists()))
        yield warning(
            f"{len(orphans)} logs ({size}) are of runs that history does not have",
            where=case.state / "logs",
            fix="flowcron prune",
        )


def _kept(case: Case) -> Iterator[Finding]:
    """Yield what the healing of a damaged history has put aside."""
    pattern = f"{escape(case.history_path.name)}.corrupt-*"
    broken = [each for each in case.state.glob(pattern) if not each.name.endswith(("-wal", "-shm"))]
    for each in broken:
        yield warning(
            f"a damaged history is kept ({human_size(each.stat().st_size)})",
            where=each,
            fix=f"rm {each}*   once nobody wants to look at it",
        )
