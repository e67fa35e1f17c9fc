"""What tells one process from another that got the same pid, and how a process ended."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct

# From linux/pidfd.h. A struct pidfd_info of the first version begins with the mask of what is
# asked for, and after eleven ids ends with the wait status of a process that was reaped.
_GET_INFO = (3 << 30) | (64 << 16) | (0xFF << 8) | 11
_INFO = struct.Struct("=QQ11Ii")
_WANT_EXIT = 1 << 3

# From proc_pid_stat(5), counted from the state, which is its third field.
_START_TIME = 22 - 3
_EXIT_CODE = 52 - 3


def inodes_are_unique() -> bool:
    """Return whether each process has its own pidfd inode (Linux 6.9 and later).

    Before, all pidfds shared the one inode of anonymous files, which an epoll still shows.
    """
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        pidfd = os.pidfd_open(os.getpid())
    except OSError:
        return False
    with select.epoll() as anonymous:
        unique = os.fstat(pidfd).st_ino != os.fstat(anonymous.fileno()).st_ino
    os.close(pidfd)
    return unique


def start_ticks(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None where nobody says."""
    fields = stat_fields(pid)
    return int(fields[_START_TIME]) if fields else None


def foreign_status(pid: int, pidfd: int) -> int | None:
    """Return the raw wait status of an ended process that is not our child, or None.

    Until its parent has reaped it, /proc has it; from then on the kernel does, since Linux 6.15.
    """
    fields = stat_fields(pid)
    if fields and fields[0] == b"Z" and is_there(pidfd):
        return int(fields[_EXIT_CODE])
    return kept_status(pidfd)


def kept_status(pidfd: int) -> int | None:
    """Return the raw wait status of a process that was reaped, if the kernel keeps it."""
    try:
        answer = fcntl.ioctl(pidfd, _GET_INFO, _INFO.pack(_WANT_EXIT, *[0] * 13))
    except OSError:
        return None
    fields = _INFO.unpack(answer)
    return int(fields[-1]) if fields[0] & _WANT_EXIT else None


def stat_fields(pid: int) -> list[bytes]:
    """Return what /proc says of a process from its state on; nothing if it says nothing."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as stat:
            text = stat.read(4096) or b""
    except OSError:
        return []
    return text[text.rindex(b")") + 2 :].split()  # the name may hold spaces and brackets


def is_there(pidfd: int) -> bool:
    """Return whether the process was not reaped yet, so that its pid is still its own."""
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except OSError:
        return False
    return True


def boot_id() -> str | None:
    """Return the random id of this boot; None where the system has none."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as boot:
            return boot.read().strip()
    except OSError:
        return None
