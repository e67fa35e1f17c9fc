"""A model of Debian's cron for tests: its main loop, minute by minute, as cron(8) tells it.

cron keeps two clocks in minutes of local time: the one on the wall, and the one of the jobs it has
dealt with. How far they are apart at a wake-up decides what is run. It is written from the manual
and shares no code and no idea with flowcron's own schedules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
_THREE_HOURS = 180


@dataclass(frozen=True)
class Entry:
    """A crontab line: the values of its fields, and which of them were written with a star."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    stars: tuple[bool, bool, bool, bool, bool]

    @property
    def is_wildcard(self) -> bool:
        return self.stars[0] or self.stars[1]

    def matches(self, wall: datetime) -> bool:
        if wall.minute not in self.minutes or wall.hour not in self.hours:
            return False
        return wall.month in self.months and self.matches_day(wall)

    def matches_day(self, wall: datetime) -> bool:
        by_date = wall.day in self.days
        by_weekday = wall.isoweekday() % 7 in self.weekdays
        if self.stars[2] or self.stars[4]:
            return by_date and by_weekday
        return by_date or by_weekday


def runs(entry: Entry, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Return when cron, up since `start`, starts the entry until `end`; each minute once."""
    started: list[datetime] = []
    clock = wall_clock(zone, start, end)
    dealt_with = next(iter(clock))[1]
    for now, wall in clock[1:]:
        found, dealt_with = _wake(entry, wall, dealt_with)
        if found:
            started.append(now)
    return started


def _wake(entry: Entry, wall: datetime, dealt_with: datetime) -> tuple[bool, datetime]:
    apart = (wall - dealt_with) // MINUTE
    if apart == 1:
        return entry.matches(wall), wall
    if 1 < apart <= _THREE_HOURS:  # the clock went forward: wildcards now, the others made up
        skipped = _minutes(dealt_with + MINUTE, wall)
        return (entry.matches(wall) if entry.is_wildcard else _any(entry, skipped)), wall
    if -_THREE_HOURS < apart <= 0:  # it went back: only wildcards until it has caught up
        return entry.is_wildcard and entry.matches(wall), dealt_with
    return entry.matches(wall), wall  # a correction of the clock


def _any(entry: Entry, walls: Iterable[datetime]) -> bool:
    return any(entry.matches(wall) for wall in walls)


def _minutes(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += MINUTE


@lru_cache(maxsize=2048)
def wall_clock(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return (instant, what the wall shows) for each minute."""
    return [(at, at.astimezone(zone).replace(tzinfo=None)) for at in _minutes(start, end)]


@lru_cache(maxsize=64)
def clock_changes(zone: str, first_year: int, last_year: int) -> tuple[datetime, ...]:
    """Return the instants of a zone's clock changes."""
    place = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(place).utcoffset()

    found = []
    at, step = datetime(first_year, 1, 1, tzinfo=UTC), timedelta(hours=12)
    while at.year <= last_year:
        if offset(at) != offset(at + step):
            found.append(_bisect(offset, at, at + step))
        at += step
    return tuple(found)


def _bisect(
    offset: Callable[[datetime], timedelta | None], early: datetime, late: datetime
) -> datetime:
    before = offset(early)
    while late - early > MINUTE:
        middle = early + (late - early) // MINUTE // 2 * MINUTE
        early, late = (middle, late) if offset(middle) == before else (early, middle)
    return late
