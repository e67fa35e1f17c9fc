"""What a process and those it starts may have at most: files, processes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from flowcron.system.cgroup import cgroup_of

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")
_HARD = re.compile(r"^Max (open files|processes) +\S+ +(\S+)", re.MULTILINE)


class ProcessLimits(NamedTuple):
    """Hard limits; None where there is none or nobody tells."""

    files: int | None
    processes: int | None
    tasks: int | None
    """How many processes its service may have (TasksMax= of systemd, pids.max of its cgroup)."""


def limits_of(pid: int) -> ProcessLimits | None:
    """Return the limits of a process, or None where the system does not tell (Linux does)."""
    try:
        text = (_PROC / str(pid) / "limits").read_text(encoding="ascii")
    except OSError:
        return None
    hard = dict(_HARD.findall(text))
    return ProcessLimits(
        _number(hard.get("open files")), _number(hard.get("processes")), _tasks(pid)
    )


def _tasks(pid: int) -> int | None:
    try:
        text = (_CGROUPS / cgroup_of(pid).lstrip("/") / "pids.max").read_text(encoding="ascii")
    except OSError:
        return None
    return _number(text.strip())


def _number(text: str | None) -> int | None:
    """Return a limit; "unlimited" and "max" are none."""
    return int(text) if text is not None and text.isdecimal() else None
