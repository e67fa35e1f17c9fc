"""What time it is."""

from __future__ import annotations

import time

from flowcron.domain.instant import Instant


def now() -> Instant:
    """Return the wall clock's instant."""
    return Instant(time.time_ns() // 1000)


def monotonic() -> float:
    """Return seconds on a clock that only goes forward; its zero means nothing."""
    return time.monotonic()
