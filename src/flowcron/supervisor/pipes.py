"""The pipes between jobs and the supervisor."""

from __future__ import annotations

import fcntl
import os

READ_AT_ONCE = 256 * 1024
_DEFAULT_SIZE = 65536
_CAN_REOPEN = hasattr(os, "pipe2") and os.path.exists("/proc/self/fd")


def open_pipe() -> tuple[int, int]:
    """Return the supervisor's end, which never blocks, and the job's.

    On Linux the job's end is opened for reading too: then the job is a reader of its own output,
    so that it gets no SIGPIPE when the supervisor dies, and the next supervisor can open the pipe
    again through /proc. It still ends for us when the last process that holds it is gone.
    """
    if not _CAN_REOPEN:
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        return ours, theirs
    ours, plain = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        # An open file of its own: it does not share the O_NONBLOCK of the supervisor's end.
        return ours, os.open(f"/proc/self/fd/{plain}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(plain)


def widen(fd: int, read: int) -> bool:
    """Make a pipe that was full, as `read` bytes say, take more at a time; return whether it was.

    What one process may have in large pipes is limited; then it stays as it is.
    """
    if read < _DEFAULT_SIZE:
        return False
    try:
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, READ_AT_ONCE)
    except (OSError, AttributeError):
        return True
    return True
