"""Times that are written out one by one: the schedule of `at`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, tzinfo

from flowcron.domain.instant import Instant, instant


class AtSchedule:
    """Each of some instants, once."""

    __slots__ = ("_times", "key", "wildcard")

    def __init__(self, times: Iterable[Instant]) -> None:
        self._times = tuple(sorted(set(times)))
        self.key = "at " + " ".join(map(str, self._times))
        self.wildcard = False

    def next(self, after: Instant) -> Instant | None:
        """Return the first time strictly after an instant, or None when all are past."""
        place = bisect_right(self._times, after)
        return self._times[place] if place < len(self._times) else None

    def last(self, at: Instant, floor: Instant) -> Instant | None:
        """Return the latest time in (floor, at], or None."""
        place = bisect_right(self._times, at)
        return self._times[place - 1] if place and self._times[place - 1] > floor else None

    def count(self, at: Instant, floor: Instant) -> int | None:
        """Return how many times are in (floor, at]."""
        return max(0, bisect_right(self._times, at) - bisect_right(self._times, floor))


def written_instant(when: datetime, zone: tzinfo) -> Instant:
    """Return the instant of a date-time; one without an offset is meant in `zone`."""
    return instant(when if when.tzinfo is not None else when.replace(tzinfo=zone))
