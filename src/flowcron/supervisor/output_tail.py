"""Reading only the end of what an attempt wrote: a long log costs as little as a short one."""

from __future__ import annotations

import os

from flowcron.supervisor.segment import starts_of


def tail_of(base: str, *, most: int) -> bytes:
    """Return the last bytes of a log, at most `most`, and none from before a gap.

    `base` is the state directory joined with the attempt's log path. A log that is not there, or
    vanishes meanwhile, has no end.
    """
    tail = b""
    begins = None  # where the segment after this one begins
    for start in reversed(starts_of(base)):
        end = _end_of(f"{base}.{start}.log", most - len(tail))
        if end is None or (begins is not None and start + end[1] != begins):
            break
        tail = end[0] + tail
        begins = start
        if len(tail) >= most:
            break
    return tail


def _end_of(path: str, most: int) -> tuple[bytes, int] | None:
    """Return the end of a file and how large the whole is."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, most, max(0, size - most)), size
    finally:
        os.close(descriptor)
