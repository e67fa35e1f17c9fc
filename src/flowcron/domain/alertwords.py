"""How schedules.toml writes what alerts go by: quiet hours, limits, reminders, factors."""

from __future__ import annotations

import re
from datetime import timedelta

from flowcron.domain.alerting import Remind
from flowcron.domain.channel import Limit, Quiet
from flowcron.domain.duration import DurationError, format_duration, parse_duration

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_LIMIT = re.compile(r"([1-9][0-9]{0,5})/(ms|s|m|h|d|w|[0-9].*)")
_FACTOR = re.compile(r"([1-9][0-9]{0,2}(?:\.[0-9]{1,3})?)x")
_HOUR = 60  # minutes


class AlertWordError(ValueError):
    """A text that is not what it should be; `hint` says what to write instead."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_hours(text: str) -> tuple[int, int]:
    """Return the first minute of the day in "22:00-07:00", and the first one after it."""
    hint = 'write "22:00-07:00": from then to then, also across midnight'
    found = _HOURS.fullmatch(text)
    if found is None:
        raise AlertWordError(f'"{_shortened(text)}" is not a span of hours', hint=hint)
    first_hour, first_minute, last_hour, last_minute = map(int, found.groups())
    begin, end = first_hour * _HOUR + first_minute, last_hour * _HOUR + last_minute
    if begin == end:
        raise AlertWordError(f'"{text}" is no time at all, or all of it', hint=hint)
    return begin, end


def format_quiet(quiet: Quiet) -> str:
    """Return quiet hours as schedules.toml has them: "22:00-07:00"."""
    begin, end = (f"{at // _HOUR:02}:{at % _HOUR:02}" for at in (quiet.begin, quiet.end))
    return f"{begin}-{end}"


def parse_limit(text: str) -> Limit:
    """Return what "20/h" or "5/10m" means: at most 20 messages in an hour, 5 in ten minutes.

    Raises AlertWordError, and DurationError for a length of time that is too long.
    """
    found = _LIMIT.fullmatch(text)
    try:
        length = None if found is None else parse_duration(_counted(found[2]))
    except DurationError as error:
        if "too long" in error.message:
            raise
        length = None
    if found is None or not length:
        message = f'"{_shortened(text)}" is not a limit'
        raise AlertWordError(message, hint='write messages and a length: "20/h", "5/10m"')
    return Limit(int(found[1]), length)


def format_limit(limit: Limit) -> str:
    """Return a limit as schedules.toml has it: "20/1h" is written "20/h"."""
    length = format_duration(limit.per)
    alone = re.fullmatch("1([a-z]+)", length)
    return f"{limit.messages}/{alone[1] if alone else length}"


def parse_remind(text: str) -> timedelta | Remind:
    """Return after how long to remind, or the word that says when."""
    if text in (Remind.NEVER, Remind.EACH):
        return Remind(text)
    try:
        length = parse_duration(text)
    except DurationError as error:
        if not error.message.endswith("is not a duration"):
            raise
        hint = 'write a length of time, "12h", or "never" or "each"'
        raise DurationError(error.message, hint=hint) from error
    if not length:
        raise DurationError(f'"{text}" is no time at all', hint='write "each" to hear of each')
    return length


def format_remind(remind: timedelta | Remind) -> str:
    """Return a reminder as schedules.toml has it."""
    return format_duration(remind) if isinstance(remind, timedelta) else str(remind)


def parse_factor(text: str) -> float:
    """Return the number of "3x" or "2.5x"; it is more than 1 and less than 1000."""
    found = _FACTOR.fullmatch(text)
    if found is None or float(found[1]) <= 1:
        shown = _shortened(text)
        number = re.fullmatch("[1-9][0-9]{0,2}", text)
        named = shown if number else f'"{shown}"'
        hint = f'write "{text}x"' if number and text != "1" else 'write "3x": more than "1x"'
        raise AlertWordError(f"{named} is not a factor", hint=hint)
    return float(found[1])


def format_factor(factor: float) -> str:
    """Return a factor as schedules.toml has it."""
    return f"{factor:g}x"


def _counted(length: str) -> str:
    return length if length[0].isdigit() else f"1{length}"


def _shortened(text: str, *, limit: int = 40) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
