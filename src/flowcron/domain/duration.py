"""Lengths of time as text: what people write in schedules.toml, and what screens show."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PIECE = re.compile(r"([0-9]+)(ms|s|m|h|d|w)")
_WHOLE = re.compile(rf"(?:{_PIECE.pattern})+")
_LONGEST = timedelta(days=36_525)
_MOST_DIGITS = 18
_TENTH = timedelta(milliseconds=100)
_EXAMPLES = 'write a number and a unit: "10s", "5m", "1h30m", "2d"'


class DurationError(ValueError):
    """A text that is no length of time; `hint` says what to write instead."""

    def __init__(self, message: str, *, hint: str = _EXAMPLES) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_duration(text: str) -> timedelta:
    """Return the length of time written as "90s", "1h30m" or "2d".

    Raise DurationError for anything else, and for more than 100 years.
    """
    if _WHOLE.fullmatch(text) is None:
        raise _not_a_duration(text)
    total = timedelta()
    for number, unit in _PIECE.findall(text):
        try:
            total += int(number[-_MOST_DIGITS:]) * _UNITS[unit]
        except OverflowError:
            total = timedelta.max
        if total > _LONGEST or number[:-_MOST_DIGITS].strip("0"):
            raise DurationError(
                f'"{_shortened(text)}" is too long', hint="write at most 100 years: 36525d"
            )
    return total


def format_duration(length: timedelta) -> str:
    """Return a length of time (not negative) as schedules.toml has it: "1h30m".

    `parse_duration` reads it back exactly, down to the millisecond.
    """
    rest, pieces = length, []
    for unit, size in list(_UNITS.items())[1:]:
        count, rest = divmod(rest, size)
        if count:
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"


def human_duration(length: timedelta) -> str:
    """Return a length of time for a screen, cut off: "3ms", "0.2s", "17m 41s", "2d 9h"."""
    if length < timedelta():
        return "-" + human_duration(-length)
    seconds = length // timedelta(seconds=1)
    minutes, hours, days = seconds // 60, seconds // 3600, length.days
    if days:
        return f"{days}d {hours % 24}h"
    if hours:
        return f"{hours}h {minutes % 60:02}m"
    if minutes:
        return f"{minutes}m {seconds % 60:02}s"
    if timedelta() < length < _TENTH:
        return f"{max(1, length // _UNITS['ms'])}ms"
    return f"{seconds}.{length.microseconds // 100_000}s"


def _not_a_duration(text: str) -> DurationError:
    shown = _shortened(text)
    if re.fullmatch(r"-[0-9]+|-" + _WHOLE.pattern, text):
        named, plain = (
            (shown, f"{shown[1:]}s") if shown[1:].isdigit() else (f'"{shown}"', shown[1:])
        )
        return DurationError(f"{named} is less than no time", hint=f'write it without -: "{plain}"')
    if re.fullmatch(r"[0-9]+", text):
        return DurationError(f"{shown} has no unit", hint=f'write a unit: "{shown}s" or "{shown}m"')
    if _WHOLE.fullmatch(text.lower()):
        return DurationError(
            f'"{shown}" is not a duration', hint=f'units are lower case: write "{shown.lower()}"'
        )
    return DurationError(f'"{shown}" is not a duration')


def _shortened(text: str, *, limit: int = 40) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
