"""What a clock change does to one time of a cron schedule, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from flowcron.domain.clock_change import Effect, Touched, changes, touched
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Cron
from flowcron.domain.times import clock_time, day
from flowcron.domain.wall import around, read_wall

_SHORT = 7 * 86_400  # no zone changes its clocks and changes them back within a week
_TWO = 2
_LONG = 3_660 * 86_400  # before that nobody looks for what was left out


def clock_note(cron: Cron, at: Instant, *, since: Instant, reader: str = "") -> str | None:
    """Return what the clocks do to a time, or to those since the one before that do not exist.

    The zone is named where it is not that of the reader.
    """
    zone, second = ZoneInfo(cron.timezone), at // SECOND
    wall, _ = read_wall(zone, second)
    _, change = around(zone, wall)
    found = None if change is None else touched(cron, change)
    if found is None:
        found = _skipped(cron, zone, since=max(since // SECOND, second - _LONG), until=second)
    if found is None:
        return None
    where = "" if reader in {"", cron.timezone} else f" in {cron.timezone}"
    return _said(found, wall, where)


def _skipped(cron: Cron, zone: ZoneInfo, *, since: int, until: int) -> Touched | None:
    """Return the last times in (since, until] that the clocks jumped over."""
    if until - since < _SHORT and read_wall(zone, until)[0] - read_wall(zone, since)[0] == (
        until - since
    ):
        return None
    gaps = [change for change in changes(zone, since, until) if not change.repeats]
    for gap in reversed(gaps):
        if (found := touched(cron, gap)) is not None:
            return found
    return None


def _said(found: Touched, wall: int, where: str) -> str:
    change = found.change
    match found.effect:
        case Effect.TWICE:
            span = f"{_clock(change.first, wall)} to {_clock(change.end, wall)}"
            return f"{span} happens twice{where}, clocks go back → runs both times"
        case Effect.ONCE:
            twice = f"{_clock(wall, wall)} happens twice{where}"
            return f"{twice}, clocks go back → runs once, the first time"
        case Effect.MOVED:
            end = _clock(change.end, wall)
            runs = f"runs at {end}" if found.count == 1 else f"runs once, at {end}"
            return f"{_times(found, wall)} not exist{where}, clocks go forward → {runs}"
        case Effect.DROPPED:
            return f"{_times(found, wall)} not exist{where}, clocks go forward → left out"
        case _:
            assert_never(found.effect)


def _times(found: Touched, wall: int) -> str:
    """Return "02:30 does", "02:00 and 02:30 do" or "02:00 to 02:45 do"."""
    last = _clock(found.last, wall)
    if found.count == 1:
        return f"{last} does"
    first = _clock(found.first, found.last)
    return f"{first} {'and' if found.count == _TWO else 'to'} {last} do"


def _clock(wall: int, near: int) -> str:
    """Return a wall time, with its day where that is another than that of a time near by."""
    when, other = (datetime.fromtimestamp(each, UTC) for each in (wall, near))
    clock = clock_time(when, seconds=False)
    return clock if when.date() == other.date() else f"{clock} on {day(when)}"
