"""Which process holds a history that cannot be written, as the kernel lists it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_WRITERS = range(120, 123)  # bytes of the -shm file: WAL_WRITE_LOCK to WAL_RECOVER_LOCK, wal.c
_PENDING = 0x4000_0000  # byte of the file itself, and the next: those who want it for themselves
_LONGEST = 60  # characters of a command


class Holder(NamedTuple):
    """A process, its command, and whether it is stopped (by SIGSTOP, a debugger)."""

    pid: int
    command: str
    is_stopped: bool

    def __str__(self) -> str:
        """Return what a sentence calls it."""
        return f"pid {self.pid}{', which is stopped' if self.is_stopped else ''} ({self.command})"


def history_holder(history: Path) -> Holder | None:
    """Return another process that holds an SQLite file for writing; None where nobody tells.

    Only Linux lists locks. Asking with fcntl, as for our own lock, would need a descriptor of the
    file, and closing that drops the locks that SQLite has in this process.
    """
    try:
        listed = (_PROC / "locks").read_text().splitlines()
    except OSError:
        return None
    shm = history.with_name(f"{history.name}-shm")
    for path, bytes_ in ((shm, _WRITERS), (history, range(_PENDING, _PENDING + 2))):
        pids = locks_on(_inode(path), bytes_, listed)
        if pid := next((each for each in pids if each not in {os.getpid(), -1}), None):
            return _holder(pid)
    return None


def locks_on(inode: int | None, bytes_: range, listed: Iterable[str]) -> list[int]:
    """Return who holds any of some bytes of a file for writing, by the lines of /proc/locks."""
    found = []
    for line in listed:
        fields = line.split()
        if len(fields) != 8 or fields[1] != "POSIX" or fields[3] != "WRITE":  # noqa: PLR2004 a waiting one has an arrow more
            continue
        first, last = int(fields[6]), float(fields[7].replace("EOF", "inf"))
        if fields[5].rpartition(":")[2] == str(inode) and first < bytes_.stop and last >= bytes_[0]:
            found.append(int(fields[4]))
    return found


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _holder(pid: int) -> Holder:
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        state = (_PROC / str(pid) / "stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return Holder(pid, "it has ended", is_stopped=False)
    command = b" ".join(words).decode(errors="replace").strip()
    return Holder(pid, command[:_LONGEST], is_stopped=state in {b"T", b"t"})
