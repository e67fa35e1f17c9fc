"""What tells one process from another that got the same pid, and how a process ended."""

from __future__ import annotations

import fcntl
import os
import select
import struct

# From linux/pidfd.h. A struct pidfd_info of the first version begins with the mask of what is
# asked for, and after eleven ids ends with the wait status of a process that was reaped.
_GET_INFO = (3 << 30) | (64 << 16) | (0xFF << 8) | 11
_INFO = struct.Struct("=QQ11Ii")
_WANT_EXIT = 1 << 3


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
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as stat:
            text = stat.read(4096) or b""
    except OSError:
        return None
    after_name = text[text.rindex(b")") + 2 :]  # the name may hold spaces and brackets
    return int(after_name.split(None, 20)[19])


def known_status(pidfd: int) -> int | None:
    """Return the raw wait status of a process that others reaped; None if the kernel won't say.

    Linux 6.15 and later, and only after it was reaped.
    """
    try:
        answer = fcntl.ioctl(pidfd, _GET_INFO, _INFO.pack(_WANT_EXIT, *[0] * 13))
    except OSError:
        return None
    fields = _INFO.unpack(answer)
    return int(fields[-1]) if fields[0] & _WANT_EXIT else None


def boot_id() -> str | None:
    """Return the random id of this boot; None where the system has none."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as boot:
            return boot.read().strip()
    except OSError:
        return None
