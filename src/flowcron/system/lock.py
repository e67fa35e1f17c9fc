"""The lock that makes one process the scheduler of a history, and who holds it.

These are POSIX record locks: the kernel drops them with their process, a child does not inherit
them, and anybody can ask for the holder's pid without taking the lock. A process must not open
the file a second time, because closing any descriptor of it gives the lock up.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
from pathlib import Path

from flowcron.errors import RefusedError

_FLOCK = "qqihh" if sys.platform == "darwin" else "hhqqi4x"


class Lock:
    """A lock that is held until this process closes it or ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o600)

    def take(self) -> bool:
        """Take the lock; return False when another process holds it."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return False
            raise
        return True

    def is_in_place(self) -> bool:
        """Return whether the locked file is still the one that others would find."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except OSError:
            return False

    def touch(self) -> None:
        """Set the file's time to now, for whoever asks whether its holder is well."""
        os.utime(self._descriptor)

    def close(self) -> None:
        """Give the lock up."""
        os.close(self._descriptor)


def holder(path: Path) -> int | None:
    """Return the pid of the process that holds the lock, or None."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise RefusedError(
            f"{path} belongs to another user, so it cannot be asked who schedules here",
            hint="run the command as that user",
        ) from error
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> int | None:
    """Ask with F_GETLK which lock would be in the way of one over the whole file."""
    if sys.platform == "darwin":
        question = struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
        _, _, pid, kind, _ = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    else:
        question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else int(pid)
