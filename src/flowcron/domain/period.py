"""Periods of real time: the schedule of `every`."""

from __future__ import annotations

from datetime import timedelta

from flowcron.domain.cron_field import ScheduleError
from flowcron.domain.instant import SECOND, Instant, micros

_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(days=366)


class EverySchedule:
    """Each period of real time, counted from the Unix epoch."""

    __slots__ = ("_micros", "key", "wildcard")

    def __init__(self, period: timedelta) -> None:
        self._micros = micros(period)
        self.key = f"every {self._micros // SECOND}s"
        self.wildcard = True

    def next(self, after: Instant) -> Instant | None:
        """Return the first time strictly after an instant."""
        return Instant((after // self._micros + 1) * self._micros)

    def last(self, at: Instant, floor: Instant) -> Instant | None:
        """Return the latest time in (floor, at], or None."""
        latest = at // self._micros * self._micros
        return Instant(latest) if latest > floor else None

    def count(self, at: Instant, floor: Instant) -> int | None:
        """Return how many times are in (floor, at]."""
        return max(0, at // self._micros - floor // self._micros)


def checked_period(period: timedelta) -> timedelta:
    """Return the period of an `every`; raise ScheduleError if it cannot be one."""
    if not _SHORTEST <= period <= _LONGEST:
        raise ScheduleError("every: the period is outside 1s-366d", hint='write every = "5m"')
    if period % _SHORTEST:
        raise ScheduleError("every: the period is not in whole seconds", hint='write every = "1s"')
    return period
