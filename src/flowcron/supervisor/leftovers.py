"""The processes of an attempt that are no longer in its process group, found by its token."""

from __future__ import annotations

import os
import signal

_ROUNDS = 10  # those that fork while they are being killed are found in the next one


def kill_leftovers(token: str) -> None:
    """Kill every process that has the token in its environment (where there is a /proc)."""
    wanted = b"FLOWCRON_TOKEN=" + token.encode()
    for _ in range(_ROUNDS):
        if not sum(_kill(int(entry), wanted) for entry in _pids()):
            return


def _pids() -> list[str]:
    try:
        return [entry for entry in os.listdir("/proc") if entry.isdecimal()]
    except FileNotFoundError:
        return []


def _kill(pid: int, wanted: bytes) -> bool:
    """Kill a process that has the token; the pidfd is opened first, so that it is the same one."""
    if not _has(pid, wanted):
        return False
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if not _has(pid, wanted):
            return False
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


def _has(pid: int, wanted: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            return wanted in environ.read().split(b"\0")
    except OSError:  # it ended, or is another user's
        return False
