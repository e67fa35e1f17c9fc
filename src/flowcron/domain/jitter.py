"""A stable delay for each job, so that equal schedules do not all start at once."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from flowcron.domain.instant import Instant, micros
from flowcron.domain.schedule import Schedule


def delay_of(job: str, jitter: timedelta | None, *, seed: str) -> int:
    """Return the delay of a job in [0, jitter), in microseconds; one seed gives one delay."""
    if not jitter:
        return 0
    digest = hashlib.sha256(f"{seed}\0{job}\0jitter".encode()).digest()
    return int.from_bytes(digest[:8], "big") % micros(jitter)


class Delayed:
    """A schedule whose times all come later by the same length."""

    __slots__ = ("_delay", "_schedule", "key", "wildcard")

    def __init__(self, schedule: Schedule, delay: int) -> None:
        self._schedule = schedule
        self._delay = delay
        self.key = f"{schedule.key} +{delay}us"
        self.wildcard = schedule.wildcard

    def next(self, after: Instant) -> Instant | None:
        """Return the first time strictly after an instant, or None at the end of the calendar."""
        return self._later(self._schedule.next(Instant(after - self._delay)))

    def last(self, at: Instant, floor: Instant) -> Instant | None:
        """Return the latest time in (floor, at], or None."""
        found = self._schedule.last(Instant(at - self._delay), Instant(floor - self._delay))
        return self._later(found)

    def count(self, at: Instant, floor: Instant) -> int | None:
        """Return how many times are in (floor, at], or None if only counting would tell."""
        return self._schedule.count(Instant(at - self._delay), Instant(floor - self._delay))

    def _later(self, at: Instant | None) -> Instant | None:
        return None if at is None else Instant(at + self._delay)
