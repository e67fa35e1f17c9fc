"""Finding the process of an attempt again whose supervisor died, and its output."""

from __future__ import annotations

import os
import stat

from flowcron.supervisor.identity import start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.protocol import Message


def is_same(message: Message, pidfd: int, *, inode_is_enough: bool) -> bool:
    """Return whether the process behind `pidfd` is the one that the message means.

    (pid, start time) alone can be equal for two processes, so the inode is compared where each
    process has its own; without anything to compare it is not the same.
    """
    inode, ticks = message["pid_inode"], message["pid_started"]
    if inode is None and ticks is None:
        return False
    if inode is not None and inode_is_enough and os.fstat(pidfd).st_ino != inode:
        return False
    return ticks is None or start_ticks(message["pid"]) == ticks


def open_outputs(pid: int) -> tuple[int | None, int | None]:
    """Open the process's stdout and stderr for reading where they still are our pipes.

    Where both are one pipe, because the job sent one to the other, it counts as stdout.
    """
    out, err = _open_output(pid, 1), _open_output(pid, 2)
    if out is not None and err is not None and os.path.sameopenfile(out, err):
        os.close(err)
        return out, None
    return out, err


def _open_output(pid: int, number: int) -> int | None:
    path = f"/proc/{pid}/fd/{number}"
    try:
        if not stat.S_ISFIFO(os.stat(path).st_mode) or not _is_both_ways(pid, number):
            return None
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # it closed it, or has just ended
        return None


def _is_both_ways(pid: int, number: int) -> bool:
    """Return whether the descriptor is open for reading and writing, as only our pipes are.

    Of a pipe to another process, which the job put in its place, we would steal.
    """
    with open(f"/proc/{pid}/fdinfo/{number}", "rb") as about:
        for line in about:
            if line.startswith(b"flags:"):
                return int(line.split()[1], 8) & os.O_ACCMODE == os.O_RDWR
    return False
