"""Times as people read and write them; instants everywhere else."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

from flowcron.domain.duration import DurationError, human_duration, parse_duration
from flowcron.domain.instant import Instant, instant, moment

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEK = 7
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_WAYS = 'write "2h" or "3d", "today", "monday", "14:30", "2026-11-22" or "2026-11-22T14:30+01:00"'


class TimeError(ValueError):
    """A text that is no time; the message is a sentence."""


def local(at: Instant, zone: tzinfo | None) -> datetime:
    """Return an instant in a zone; None is the machine's own."""
    return moment(at).astimezone(zone)


def iso(at: Instant | None, zone: tzinfo | None) -> str | None:
    """Return an instant as ISO 8601 with its offset, to the second or as exact as it is."""
    return None if at is None else local(at, zone).isoformat()


def short(at: Instant, now: Instant, zone: tzinfo | None, *, seconds: bool = True) -> str:
    """Return a time as a person says it: "today 18:30", "Fri 07:00", "2026-10-31 02:30"."""
    when, today = local(at, zone), local(now, zone).date()
    days = (when.date() - today).days
    clock = clock_time(when, seconds=seconds)
    if abs(days) >= _WEEK:
        return f"{when:%Y-%m-%d} {clock}"
    named = {0: "today", 1: "tomorrow"}.get(days) or _DAYS[when.weekday()].capitalize()
    return f"{named} {clock}"


def day(when: datetime) -> str:
    """Return a day as "Fri 20 Nov", in English whatever the locale."""
    return f"{_DAYS[when.weekday()].capitalize()} {when.day:2} {_MONTHS[when.month - 1]}"


def clock_time(when: datetime, *, seconds: bool = True) -> str:
    """Return "07:00", or "07:00:30" where there are seconds to tell."""
    return f"{when:%H:%M:%S}" if seconds and when.second else f"{when:%H:%M}"


def coarse(length: timedelta) -> str:
    """Return a length of time in one unit: "11s", "17m", "8h", "2d"."""
    seconds = round(abs(length.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def away(length: timedelta) -> str:
    """Return how long until something: "11s", "40m", "5h 12m", from ten hours on "13h" or "6d"."""
    if timedelta(hours=1) <= abs(length) < timedelta(hours=10):
        return human_duration(abs(length))
    return coarse(length)


def relative(at: Instant, now: Instant) -> str:
    """Return "in 8h", "2h ago" or "now"."""
    length = timedelta(microseconds=at - now)
    if abs(length) < timedelta(seconds=1):
        return "now"
    return f"in {coarse(length)}" if at > now else f"{coarse(length)} ago"


def read_time(text: str, now: Instant, zone: tzinfo | None, *, ahead: bool = False) -> Instant:
    """Return the instant that a person wrote.

    A length of time counts back from now, or with `ahead` forward; a weekday is the last one, or
    with `ahead` the next. Raise TimeError for anything else than `_WAYS` says.
    """
    words = text.strip().lower().split()
    try:
        length = parse_duration("".join(words))
    except DurationError:
        pass
    else:
        return Instant(now + (1 if ahead else -1) * round(length / timedelta(microseconds=1)))
    when = _named(words, local(now, zone), ahead=ahead) or _iso(text.strip())
    if when is None:
        raise TimeError(f'"{text}" is not a time; {_WAYS}')
    if when.tzinfo is None and zone is not None:
        when = when.replace(tzinfo=zone)
    try:
        return instant(when.astimezone())
    except (OverflowError, ValueError, OSError) as error:
        raise TimeError(f'"{text}" is out of range') from error


def _named(words: list[str], now: datetime, *, ahead: bool) -> datetime | None:
    """Return the time that day names and a clock time say, without a zone."""
    if words == ["now"]:
        return now
    if not words or len(words) > 2:  # noqa: PLR2004 a day and a clock time
        return None
    clock = _clock(words[-1])
    if clock is not None:
        words = words[:-1]
    days = _days_from_today(words[0], now, ahead=ahead) if words else 0
    if days is None or len(words) > 1:
        return None
    return datetime.combine(now.date() + timedelta(days=days), clock or time())


def _days_from_today(word: str, now: datetime, *, ahead: bool) -> int | None:
    named = {"today": 0, "yesterday": -1, "tomorrow": 1}.get(word)
    if named is not None:
        return named
    for names in (_DAYS, _LONG_DAYS):
        if word in names:
            days = (names.index(word) - now.weekday()) % _WEEK
            return days or _WEEK if ahead else days - _WEEK if days else 0
    return None


def _clock(word: str) -> time | None:
    match = _CLOCK.fullmatch(word)
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    return time(hour, minute, second)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
