"""doctor on what is left over."""

from __future__ import annotations

from flowcron.app.doctor.about_leftovers import leftovers
from flowcron.app.doctor.finding import Level
from flowcron.domain.run import log_name
from flowcron.history.database import identity
from looks import Looks, levels


def test_a_clean_state_directory_is_well(looks: Looks) -> None:
    looks.story()

    assert levels(looks.findings(leftovers)) == [Level.OK]


def test_many_logs_of_runs_that_are_gone_are_a_warning(looks: Looks) -> None:
    story = looks.story()
    for run in range(1, 201):
        name = log_name(run, 1, history=identity(story.db))
        log = looks.history.parent / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"x" * 1000)

    (finding,) = looks.findings(leftovers)

    assert (finding.level, finding.fix) == (Level.WARNING, "flowcron prune")
    assert finding.text.startswith("200 logs (200 KB)")


def test_a_damaged_history_that_was_put_aside_is_a_warning(looks: Looks) -> None:
    looks.story()
    kept = looks.history.with_name("history.db.corrupt-20261122T030000Z")
    kept.write_bytes(b"x" * 41_000)
    kept.with_name(f"{kept.name}-wal").touch()

    (finding,) = looks.findings(leftovers)

    assert (finding.level, finding.where) == (Level.WARNING, str(kept))
