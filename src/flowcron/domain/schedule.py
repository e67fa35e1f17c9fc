"""When a job is due: schedules, from cron text and zone or a period, to instants.

croniter answers one question here: which is the next day, of no zone, that matches the day fields?
"""

from __future__ import annotations

import re
from bisect import bisect_right
from copy import copy
from datetime import timedelta
from functools import lru_cache
from typing import Protocol, assert_never
from zoneinfo import ZoneInfo

from croniter import croniter  # noqa: TID251 this module is its owner

from flowcron.domain.cron import CronExpression, ScheduleError, parse_cron
from flowcron.domain.cron_field import Field
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import At, Cron, Every, Timed
from flowcron.domain.moments import AtSchedule
from flowcron.domain.period import EverySchedule, checked_period
from flowcron.domain.wall import Change, around, read_wall
from flowcron.domain.zone import ZoneError, zone_of

__all__ = ["Schedule", "ScheduleError", "ZoneError", "interval", "schedule_of", "zone_of"]

_HASHED = re.compile(r"\bH\b", re.IGNORECASE)
_MINUTE = 60
_DAY = 86_400
_FIRST_SECOND = -62_000_000_000  # the year 5: before it there may be no wall time
_LAST_SECOND = 250_500_000_000  # the year 9908: the calendar ends 91 years later, and the rarest
# day of all, a certain weekday on a 29 February, is up to 40 years away


class Schedule(Protocol):
    """The times at which something is due; two with the same `key` are the same schedule.

    `key` is stable across versions. `wildcard` says that missed and repeated times do not matter
    (rule 7; true of every period).
    """

    @property
    def key(self) -> str:
        """The schedule in one line of text."""

    @property
    def wildcard(self) -> bool:
        """Whether the schedule means "all the time" and not "then"."""

    def next(self, after: Instant) -> Instant | None:
        """Return the first time strictly after an instant, or None at the end of the calendar."""

    def last(self, at: Instant, floor: Instant) -> Instant | None:
        """Return the latest time in (floor, at], or None."""

    def count(self, at: Instant, floor: Instant) -> int | None:
        """Return how many times are in (floor, at], or None if only counting would tell."""


def schedule_of(when: Timed, *, seed: str = "", job: str = "") -> Schedule:
    """Return the schedule of one `cron`, `every` or `at`; equal ones are one object.

    `seed` and `job` choose the values of H. Raise ScheduleError for a text or a period that cannot
    be, ZoneError for a zone that does not exist.
    """
    match when:
        case Cron(text=text, timezone=timezone):
            hashed = _HASHED.search(text) is not None
            return _cron_schedule(text, timezone, (seed, job) if hashed else ("", ""))
        case Every(period=period, start=start):
            return _every_schedule(period, start)
        case At(times=times):
            return AtSchedule(times)
        case _:
            assert_never(when)


def interval(schedule: Schedule, after: Instant) -> timedelta | None:
    """Return the time between the next two times after an instant."""
    if (first := schedule.next(after)) is None or (second := schedule.next(first)) is None:
        return None
    return timedelta(microseconds=second - first)


class CronSchedule:
    """The times of a cron expression in a zone, with Debian's rules for clock changes."""

    __slots__ = ("_calendar", "_zone", "key", "wildcard")

    def __init__(self, expression: CronExpression, zone: ZoneInfo) -> None:
        self._calendar = _Calendar(expression)
        self._zone = zone
        self.wildcard = expression.wildcard
        kind = "wildcard" if self.wildcard else "fixed"
        self.key = f"cron {self._calendar.text} {kind} {zone.key}"

    def next(self, after: Instant) -> Instant | None:
        """Return the first time strictly after an instant, or None at the end of the calendar."""
        found = self._after(max(after // SECOND, _FIRST_SECOND))
        return None if found is None else Instant(found * SECOND)

    def last(self, at: Instant, floor: Instant) -> Instant | None:
        """Return the latest time in (floor, at], or None; search, do not count."""
        reach = _MINUTE * SECOND
        begin = max(floor, at - reach)
        while (found := self._within(begin, at)) is None:
            if begin == floor:
                return None
            reach *= 4
            begin = max(floor, at - reach)
        end: int = at
        while (later := self._within(found, end)) is not None:
            found, middle = later, (later + end) // 2
            if (later := self._within(middle, end)) is None:
                end = middle
            else:
                found = later
        return Instant(found)

    def count(self, at: Instant, floor: Instant) -> int | None:
        """Return None: only counting would tell."""
        return 0 if at <= floor else None

    def _within(self, after: int, end: int) -> int | None:
        found = self.next(Instant(after))
        return found if found is not None and found <= end else None

    def _after(self, at: int) -> int | None:
        if at > _LAST_SECOND:
            return None
        wall, second_pass = read_wall(self._zone, at)
        _, change = around(self._zone, wall)
        if change is not None and change.repeats:
            if self.wildcard or change.is_correction:
                found = self._in_repeat(change, wall, second_pass=second_pass)
                if found is not None:
                    return found
                wall = change.end - 1
            elif second_pass:  # a fixed job had these times in the first pass
                wall = change.end - 1
        return self._from_wall(wall)

    def _in_repeat(self, change: Change, wall: int, *, second_pass: bool) -> int | None:
        found = self._calendar.next(wall)
        if found < change.end:
            return found - (change.after if second_pass else change.before)
        if second_pass:
            return None
        found = self._calendar.next(change.first - 1)
        return found - change.after if found < change.end else None

    def _from_wall(self, wall: int) -> int:
        while True:
            found = self._calendar.next(wall)
            offset, change = around(self._zone, found)
            if change is None or change.repeats:
                return found - offset
            if not self.wildcard and not change.is_correction:
                return change.at  # the skipped times are made up at once, together
            wall = change.end - 1


class _Calendar:
    """The wall times that a cron expression matches."""

    __slots__ = ("_days", "_either", "_found", "_hours", "_minutes", "text")

    def __init__(self, expression: CronExpression) -> None:
        day, weekday = _day_text(expression.day), _weekday_text(expression.weekday)
        self._either = not expression.both_days
        if self._either and "*" in (day, weekday):
            day = weekday = "*"
        elif self._either and not expression.day_comes:
            day = "*"
        self._days = f"0 0 {day} {_plain_text(expression.month)} {weekday}"
        self._found: int | None = None  # a day that matches: the next question is mostly about it
        self._hours = tuple(sorted(expression.hour.values))
        self._minutes = tuple(sorted(expression.minute.values))
        times = f"{_plain_text(expression.minute)} {_plain_text(expression.hour)}"
        either = " either-day" if self._either and "*" not in (day, weekday) else ""
        self.text = f"{times} {self._days.removeprefix('0 0 ')}{either}"
        _days_of(self._days, self._either)  # croniter reads it now, not when it is due

    def next(self, wall: int) -> int:
        """Return the first matching wall time strictly after another."""
        day, second = divmod(wall, _DAY)
        if day == self._found or _next_day(self._days, self._either, day - 1) == day:
            found = self._later_today(second // _MINUTE)
            if found is not None:
                return day * _DAY + found * _MINUTE
        next_day = self._found = _next_day(self._days, self._either, day)
        return next_day * _DAY + self._hours[0] * 3600 + self._minutes[0] * _MINUTE

    def _later_today(self, minute_of_day: int) -> int | None:
        hour, minute = divmod(minute_of_day, 60)
        place = bisect_right(self._hours, hour)
        if place and self._hours[place - 1] == hour:
            later = bisect_right(self._minutes, minute)
            if later < len(self._minutes):
                return hour * 60 + self._minutes[later]
        if place == len(self._hours):
            return None
        return self._hours[place] * 60 + self._minutes[0]


def _plain_text(field: Field) -> str:
    return "*" if field.is_full else ",".join(map(str, sorted(field.values)))


def _day_text(field: Field) -> str:
    if not field.last or field.is_full:
        return _plain_text(field)
    return ",".join([*map(str, sorted(field.values)), "L"])


def _weekday_text(field: Field) -> str:
    if not field.nth:
        return _plain_text(field)
    return ",".join(f"L{day}" if nth < 0 else f"{day}#{nth}" for day, nth in sorted(field.nth))


@lru_cache(maxsize=4096)
def _cron_schedule(text: str, timezone: str, salt: tuple[str, str]) -> CronSchedule:
    return CronSchedule(parse_cron(text, seed=salt[0], job=salt[1]), zone_of(timezone))


@lru_cache(maxsize=4096)
def _every_schedule(period: timedelta, start: Instant | None) -> EverySchedule:
    return EverySchedule(checked_period(period), start)


@lru_cache(maxsize=1024)
def _days_of(days: str, either: bool) -> croniter:  # noqa: FBT001 a cache has no keywords
    return croniter(days, 0.0, float, day_or=either)


@lru_cache(maxsize=16_384)
def _next_day(days: str, either: bool, day: int) -> int:  # noqa: FBT001 a cache has no keywords
    search = copy(_days_of(days, either))  # croniter keeps its place, and threads may share it
    return int(search.get_next(start_time=float(day * _DAY))) // _DAY
