"""Periods of real time: the schedule of `every`."""

from __future__ import annotations

from datetime import timedelta

from flowcron.domain.cron_field import ScheduleError
from flowcron.domain.instant import SECOND, Instant, micros

_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(days=366)


class EverySchedule:
    """Each period of real time, counted from the Unix epoch, or from `start` on."""

    __slots__ = ("_fewest", "_micros", "_start", "key", "wildcard")

    def __init__(self, period: timedelta, start: Instant | None = None) -> None:
        self._micros = micros(period)
        self._start = 0 if start is None else start
        self._fewest = None if start is None else -1  # periods that have passed before the first
        self.key = f"every {self._micros // SECOND}s" + ("" if start is None else f" from {start}")
        self.wildcard = True

    def next(self, after: Instant) -> Instant | None:
        """Return the first time strictly after an instant."""
        return Instant(self._start + (self._periods(after) + 1) * self._micros)

    def last(self, at: Instant, floor: Instant) -> Instant | None:
        """Return the latest time in (floor, at], or None."""
        periods = self._periods(at)
        latest = self._start + periods * self._micros
        return Instant(latest) if latest > floor and periods != self._fewest else None

    def count(self, at: Instant, floor: Instant) -> int | None:
        """Return how many times are in (floor, at]."""
        return max(0, self._periods(at) - self._periods(floor))

    def _periods(self, at: Instant) -> int:
        """Return how many periods have passed since the start; -1 at any time before it."""
        periods = (at - self._start) // self._micros
        return periods if self._fewest is None else max(self._fewest, periods)


def checked_period(period: timedelta) -> timedelta:
    """Return the period of an `every`; raise ScheduleError if it cannot be one."""
    if not _SHORTEST <= period <= _LONGEST:
        raise ScheduleError("every: the period is outside 1s-366d", hint='write every = "5m"')
    if period % _SHORTEST:
        raise ScheduleError("every: the period is not in whole seconds", hint='write every = "1s"')
    return period
