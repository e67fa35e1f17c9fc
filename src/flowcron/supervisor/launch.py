"""Starting a supervisor process, in a session of its own."""

from __future__ import annotations

import os
import select
import sys

from flowcron.supervisor.address import LOG

_READY_FD = 3
_LARGEST_LOG = 256 * 1024


def launch(state_dir: str, *, patience: float, linger: float | None = None) -> int | None:
    """Start a supervisor and return its pid once it listens; None if it ended before that.

    It may have ended because another one holds the lock: whoever asks should try to connect again.
    Raises TimeoutError if it neither listens nor ends within `patience` seconds.
    """
    ready, theirs = os.pipe()
    try:
        pid = _start(state_dir, theirs, extra=[] if linger is None else ["--linger", str(linger)])
    finally:
        os.close(theirs)
    try:
        readable, _, _ = select.select([ready], [], [], patience)
        if not readable:
            raise TimeoutError
        if os.read(ready, 16):
            return pid
    finally:
        os.close(ready)
    os.waitpid(pid, 0)
    return None


def _start(state_dir: str, ready_fd: int, *, extra: list[str]) -> int:
    log = os.path.join(state_dir, LOG)
    too_long = os.path.exists(log) and os.path.getsize(log) > _LARGEST_LOG
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    append |= os.O_TRUNC if too_long else 0
    arguments = ["-m", "flowcron.supervisor", state_dir, "--ready-fd", str(_READY_FD), *extra]
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-P", *arguments],  # -P: what lies in this folder is not imported
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, log, append, 0o600),
            (os.POSIX_SPAWN_DUP2, ready_fd, _READY_FD),
        ],
        setsid=True,
        setsigmask=(),
    )
