"""The supervisor: it lives beside the scheduler, and its log has no failures in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.domain.instant import Instant, instant, micros, moment
from flowcron.supervisor.address import LOG
from flowcron.supervisor.client import listener
from flowcron.system.processes import Condition, condition_of

_RECENT = micros(timedelta(days=7))
_TAIL = 1_000_000  # bytes of the log that are read
_LARGE = 50_000_000  # bytes
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) supervisor\[\d+\]: (.*)")
_FAILURES = ("something failed", "could not", "refused a connection")


def supervisor(case: Case) -> Iterator[Finding]:
    """Check that a running scheduler has a supervisor that works, and has worked lately."""
    pid = listener(str(case.state)) if case.state.is_dir() else None
    condition = None if pid is None else condition_of(pid) if pid else Condition.ALIVE
    wrong = [*judge_supervisor(pid, condition, is_needed=case.pid is not None), *_log(case)]
    yield from wrong
    if not wrong:
        yield well("no supervisor needed" if pid is None else f"supervisor lives (pid {pid})")


def judge_supervisor(
    pid: int | None, condition: Condition | None, *, is_needed: bool
) -> Iterator[Finding]:
    """Yield what is wrong with the process that listens, if there is one."""
    if condition is Condition.STOPPED:
        yield problem(
            f"the supervisor (pid {pid}) is stopped: no job starts or ends",
            fix=f"kill -CONT {pid}",
        )
    elif condition in {None, Condition.GONE} and is_needed:
        yield problem(
            "the scheduler runs without a supervisor: no job starts",
            fix=f"look into {LOG}, then: flowcron stop --leave && flowcron start",
        )


def failures_in(lines: Iterable[str]) -> list[tuple[Instant, str]]:
    """Return what failed according to the lines of a supervisor's log, and when."""
    matches = (found for line in lines if (found := _LINE.match(line)))
    return [
        (instant(datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)), found[2])
        for found in matches
        if found[2].startswith(_FAILURES)
    ]


def _log(case: Case) -> Iterator[Finding]:
    path = case.state / LOG
    if not path.exists():
        return
    size = path.stat().st_size
    if size > _LARGE:
        yield warning(f"{LOG} has {size // 10**6} MB", where=path, fix=f"look into {path}")
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        lines = file.read().decode(errors="replace").splitlines()
    recent = [each for each in failures_in(lines) if case.now - each[0] < _RECENT]
    if recent:
        at, text = recent[-1]
        times = "once" if len(recent) == 1 else f"{len(recent)} times"
        yield warning(
            f"something failed in the supervisor {times} in 7 days, last "
            f"{moment(at):%Y-%m-%d %H:%M} UTC: {text}",
            where=path,
            fix=f"look into {path}",
        )
