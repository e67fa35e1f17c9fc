"""What the supervisor says about an attempt."""

from __future__ import annotations

import binascii
import os
import resource
import sys
import time

from flowcron.supervisor.identity import start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from resource import struct_rusage

    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.program import SpawnError
    from flowcron.supervisor.protocol import Message

_RSS_UNIT = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes, Linux KiB


def now() -> int:
    """Return the time of the wall clock in µs since the epoch."""
    return time.time_ns() // 1000


def started(attempt: Attempt, *, inode_is_enough: bool) -> Message:
    """Return the message that an attempt runs, with what tells its process from others."""
    with_inode = inode_is_enough and attempt.pidfd >= 0
    return attempt.message(
        "started",
        pid=attempt.pid,
        pid_started=None if with_inode else start_ticks(attempt.pid),
        pid_inode=os.fstat(attempt.pidfd).st_ino if with_inode else None,
        at=attempt.started_at,
    )


def spawn_failed(attempt: Attempt, error: SpawnError) -> Message:
    """Return the message that an attempt could not be started, and why."""
    return attempt.message(
        "spawn_failed", at=now(), what=error.what, error=error.error, text=error.text
    )


def exited(attempt: Attempt, status: int | None, usage: struct_rusage | None) -> Message:
    """Return the message that an attempt ended, with what it wrote if that is small."""
    log = attempt.log
    small = log.small()
    attempt.disposable = small is not None
    return attempt.message(
        "exited",
        at=now(),
        started_at=attempt.started_at,
        pid=attempt.pid,
        status=status,
        why=attempt.why or "exit",
        max_rss=_max_rss(usage) if usage else None,
        cpu=round((usage.ru_utime + usage.ru_stime) * 1e6) if usage else None,
        bytes=log.total,
        elided=log.elided,
        output=_text(small[0]) if small else None,
        pieces=_text(small[1]) if small else None,
        last=attempt.last_line() if log.total and not log.hushed else None,
    )


def _max_rss(usage: struct_rusage) -> int | None:
    """Return the most memory it had in KiB, or None when it was less than can be told.

    Until its exec a child shares the memory of this process, and that is counted in.
    """
    if usage.ru_maxrss <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        return None
    return usage.ru_maxrss // _RSS_UNIT


def _text(binary: bytes) -> str:
    return binascii.b2a_base64(binary, newline=False).decode()
