"""Limits of the system that are lower than what the configuration wants to run at once."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.system.limits import ProcessLimits, limits_of

_FILES_A_RUN = 5  # of the supervisor: two pipes, a log and its index, a pidfd
_FILES = 64  # of the supervisor itself
_PROCESSES_A_RUN = 2  # a shell and the program that it starts; some jobs have many more
_PROCESSES = 20  # the scheduler, the supervisor and their threads
_MANY = 100  # runs at once that any machine should have room for


def limits(case: Case) -> Iterator[Finding]:
    """Check that there may be as many files and processes as all runs at once need."""
    pid = os.getpid() if case.pid is None else case.pid
    most = None if case.config is None else case.config.max_running
    yield judge_limits(limits_of(pid), most=most)


def judge_limits(limits: ProcessLimits | None, *, most: int | None) -> Finding:
    """Return what is too low for `most` runs at once; None is as many as come."""
    if limits is None:
        return well("this system does not tell its limits")
    room, by = _room(limits)
    if room is None:
        return well("no limit of files or processes is in the way")
    if most is not None and room < most:
        return problem(
            f"[scheduler] max_running is {most}, and {by} leaves room for {room} runs at once",
            fix=_HIGHER[by],
        )
    if most is None and room < _MANY:
        return warning(f"{by} leaves room for {room} runs at once", fix=_HIGHER[by])
    return well(f"room for {room} runs at once")


_HIGHER = {
    "the limit of open files": "LimitNOFILE=65536 in the unit, or ulimit -Hn 65536",
    "the limit of processes": "LimitNPROC=infinity in the unit, or ulimit -u 32768",
    "the limit of tasks": "TasksMax=infinity in the unit",
}


def _room(limits: ProcessLimits) -> tuple[int | None, str]:
    """Return for how many runs there is room, and what the limit is called."""
    rooms = [
        ((value - fixed) // each, name)
        for name, value, fixed, each in zip(
            _HIGHER,
            limits,
            (_FILES, _PROCESSES, _PROCESSES),
            (_FILES_A_RUN, _PROCESSES_A_RUN, _PROCESSES_A_RUN),
            strict=True,
        )
        if value is not None
    ]
    return min(((max(0, room), name) for room, name in rooms), default=(None, ""))
