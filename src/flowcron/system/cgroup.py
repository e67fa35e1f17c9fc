"""Which service of systemd a process belongs to, as its cgroup says; asks nobody."""

from __future__ import annotations

from pathlib import Path

_PROC = Path("/proc")


def unit_of(pid: int) -> str | None:
    """Return the service whose main process this is, or None; of a foreign one nobody can tell."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    if f"SYSTEMD_EXEC_PID={pid}".encode() not in environment:
        return None  # it was started by hand from a shell that is in some service
    unit = cgroup_of(pid).rpartition("/")[2]
    return unit if unit.endswith(".service") else None


def is_of_users_manager(pid: int) -> bool:
    """Return whether a process belongs to a user's manager instead of the system's."""
    return "/user@" in cgroup_of(pid)


def cgroup_of(pid: int) -> str:
    """Return the path of the cgroup that systemd has put a process into, or ""."""
    try:
        lines = (_PROC / str(pid) / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    paths = {name: path for _, name, path in (line.split(":", 2) for line in lines)}
    unified = paths.get("", "/")
    return paths.get("name=systemd", "/") if unified == "/" else unified
