"""Cron expressions: five fields or a nickname, read strictly, to what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from flowcron.domain.cron_field import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    WEEKDAY,
    Field,
    ScheduleError,
    parse_field,
)
from flowcron.domain.duration import DurationError, parse_duration
from flowcron.domain.job import Every
from flowcron.domain.period import checked_period

__all__ = ["NICKNAMES", "CronExpression", "Field", "ScheduleError", "other_trigger", "parse_cron"]

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_LONGEST_TEXT = 256
_KINDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NO_SECONDS = 'seconds and years are not supported; below a minute use every = "30s"'
_FIVE_FIELDS = "write minute, hour, day of month, month, day of week; * is every one"


@dataclass(frozen=True, slots=True)
class CronExpression:
    """A cron expression as it was understood.

    `wildcard` decides what clock changes and downtime do to it (rule 7). `both_days` says whether a
    day must match both day fields; otherwise one of them is enough (rule 5). `nickname` is the
    `@daily` it was written as, or empty.
    """

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field
    wildcard: bool
    nickname: str = ""

    @property
    def fields(self) -> tuple[Field, Field, Field, Field, Field]:
        """The five fields in their order."""
        return self.minute, self.hour, self.day, self.month, self.weekday

    @property
    def text(self) -> str:
        """The five fields as text, with every H replaced by its choice."""
        return " ".join(field.text for field in self.fields)

    @property
    def both_days(self) -> bool:
        """Whether a day must match both day fields, because one of them begins with `*`."""
        return self.day.star or self.weekday.star

    @property
    def day_comes(self) -> bool:
        """Whether any of the months has one of the days of the month."""
        longest = max(_LAST_DAYS[month - 1] for month in self.month.values)
        return self.day.last or min(self.day.values) <= longest


def parse_cron(text: str, *, seed: str = "", job: str = "") -> CronExpression:
    """Return what a cron expression means; `seed` and `job` choose the values of H.

    Raise ScheduleError, with offsets into `text`, for whatever Debian's cron would not run, and
    for dates that never come.
    """
    _check_characters(text)
    words = [(match[0], match.start()) for match in re.finditer(r"[^ \t]+", text)]
    if words and words[0][0].startswith("@"):
        return _from_nickname(text.strip(), start=words[0][1])
    _check_count(words, text)
    salt = f"{seed}\0{job}"
    minute, hour, day, month, weekday = (
        parse_field(word, kind, start=start, salt=salt)
        for (word, start), kind in zip(words, _KINDS, strict=True)
    )
    expression = CronExpression(
        minute, hour, day, month, weekday, wildcard=minute.star or hour.star
    )
    _check_days(expression, words)
    return expression


def other_trigger(text: str) -> Literal["start"] | Every | None:
    """Return what `@reboot` ("start") and `@every 5m` mean, or None for a cron expression.

    Raise ScheduleError for an `@every` with a period that cannot be.
    """
    words = text.split()
    if words == ["@reboot"]:
        return "start"
    if words[:1] != ["@every"]:
        return None
    start = text.index("@every") + len("@every")
    written = text[start:].strip()
    try:
        return Every(checked_period(parse_duration(written)))
    except (DurationError, ScheduleError) as error:
        begin = text.index(written, start) if written else 0
        raise ScheduleError(error.message, start=begin, end=len(text), hint=error.hint) from error


def _check_characters(text: str) -> None:
    if len(text) > _LONGEST_TEXT:
        raise ScheduleError(
            f"the schedule has {len(text)} characters",
            start=_LONGEST_TEXT,
            end=len(text),
            hint=f"write at most {_LONGEST_TEXT}; several cron lines may share a job",
        )
    if strange := re.search(r"[^\x20-\x7e\t]", text):
        raise ScheduleError(
            f"the character {strange[0]!a} cannot be in a schedule",
            start=strange.start(),
            end=strange.end(),
            hint="write plain ASCII on one line",
        )


def _check_count(words: list[tuple[str, int]], text: str) -> None:
    count = len(words)
    if count == len(_KINDS):
        return
    many = count > len(_KINDS)
    raise ScheduleError(
        f"a schedule has five fields, this has {count}",
        start=words[len(_KINDS)][1] if many else 0,
        end=max(1, len(text.rstrip())),
        hint=_NO_SECONDS if many else _FIVE_FIELDS,
    )


def _from_nickname(name: str, *, start: int) -> CronExpression:
    if name in NICKNAMES:
        minute, hour, day, month, weekday = parse_cron(NICKNAMES[name]).fields
        return CronExpression(minute, hour, day, month, weekday, wildcard=False, nickname=name)
    known = " ".join(NICKNAMES)
    if name.lower() in (*NICKNAMES, "@reboot"):
        hint = f"write {name.lower()}"
    elif name.lower().startswith(("@reboot", "@every")):
        hint = 'write on = "start", or every = "5m"'
    else:
        hint = f"write five fields, or one of {known}"
    raise ScheduleError(
        f'"{name}" is not a schedule', start=start, end=start + len(name), hint=hint
    )


def _check_days(expression: CronExpression, words: list[tuple[str, int]]) -> None:
    day, months, weekday = expression.day, expression.month, expression.weekday
    (day_text, day_start), (weekday_text, weekday_start) = words[2], words[4]
    if weekday.nth and day_text != "*":
        raise ScheduleError(
            f'day of week: "{weekday_text}" needs * as day of month',
            start=weekday_start,
            end=weekday_start + len(weekday_text),
            hint="write * as day of month, or two cron lines",
        )
    if expression.day_comes or not expression.both_days:
        return
    raise ScheduleError(
        f'day of month: no month in "{months.text}" has a day {min(day.values)}; this never comes',
        start=day_start,
        end=day_start + len(day_text),
        hint="write L for the last day of the month",
    )
