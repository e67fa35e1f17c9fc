"""Continuing the log of an attempt whose supervisor died."""

from __future__ import annotations

import os

from flowcron.supervisor.output import AttemptLog
from flowcron.supervisor.segment import RECORD, STDERR_BIT, Segment, starts_of


def resume(base: str, limit: int, *, at: int) -> AttemptLog:
    """Return a log that goes on where the files end.

    Bytes that the supervisor wrote but died before it named them in the index are named now, as
    stdout, at the time `at` in µs.
    """
    log = AttemptLog(base, limit)
    try:
        segments = [_measure(base, start) for start in starts_of(base)]
        if segments:
            *complete, (start, size, records, unnamed) = segments
            current = Segment(base, start, size=size, records=records)
            if unnamed:
                current.name(unnamed, at)
            log.go_on([(begin, length) for begin, length, _, _ in complete], current)
    except OSError:  # what is there stays, what comes is only counted, as on a full disk
        log.give_up()
    return log


def _measure(base: str, start: int) -> tuple[int, int, int, int]:
    """Return (start, bytes, records in the index, bytes that no record names)."""
    size = os.path.getsize(f"{base}.{start}.log")
    try:
        with open(f"{base}.{start}.idx", "rb") as index:
            raw = index.read()
    except FileNotFoundError:
        raw = b""
    records = len(raw) // RECORD.size
    named = sum(
        length & ~STDERR_BIT for _, length in RECORD.iter_unpack(raw[: records * RECORD.size])
    )
    return start, size, records, max(0, size - named)
