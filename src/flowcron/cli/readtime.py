"""Times as people write them after --since and --at; instants everywhere else."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

from flowcron.domain.duration import DurationError, parse_duration
from flowcron.domain.instant import Instant, instant
from flowcron.domain.times import DAYS, local

_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = 7
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_WAYS = 'write "2h" or "3d", "today", "monday", "14:30", "2026-11-22" or "2026-11-22T14:30+01:00"'


class TimeError(ValueError):
    """A text that is no time; the message is a sentence."""


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
    for names in (DAYS, _LONG_DAYS):
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
