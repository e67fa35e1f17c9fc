"""The fields of one cron expression, drawn and explained, and how often it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile

from flowcron.cli.describedays import MONTHS, WEEKDAYS, in_words, nth_names
from flowcron.cli.words import grouped
from flowcron.domain.cron import CronExpression
from flowcron.domain.cron_field import DAY, MONTH, WEEKDAY, Field
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Cron
from flowcron.domain.schedule import schedule_of

_DASH = "\u2013"
_MOST_VALUES = 8
_FEW = 2
_WEEK = 7
_YEARS, _DAYS = 4, 1461
_NAMES = {MONTH: ("", *MONTHS), WEEKDAY: (*WEEKDAYS, WEEKDAYS[0])}
_ALL = {DAY: "every day of the month", WEEKDAY: "every day of the week"}


def drawing(text: str, expression: CronExpression) -> Iterator[str]:
    """Yield the lines below an expression that say what each of its fields means."""
    words = [(found.start(), found[0]) for found in re.finditer(r"\S+", text)]
    fields = list(zip(words, expression.fields, strict=True))
    while fields:
        (at, written), field = fields.pop()
        bars = " " * at
        for (before, _), _ in fields:
            bars = f"{bars[:before]}│{bars[before + 1 :]}"
        yield f"{bars}└ {_explained(field, written)}"


def day_rule(expression: CronExpression) -> str | None:
    """Return how the two day fields go together, where that is a question."""
    day, weekday = expression.day, expression.weekday
    if day.is_full or (weekday.is_full and not weekday.nth) or weekday.nth:
        return None
    if expression.both_days:
        return "one of the day fields begins with *, so a day must match both"
    return "both day fields are restricted, so a day that matches either of them is enough"


def how_often(expression: CronExpression, now: Instant) -> str:
    """Return "36 runs a day · 180 a week", or about how many a year where weeks differ."""
    a_day = len(expression.minute.values) * len(expression.hour.values)
    weekly = expression.day.is_full and expression.month.is_full and not expression.weekday.nth
    said = "1 run a day" if a_day == 1 else f"{grouped(a_day)} runs a day"
    if weekly:
        return f"{said} · {grouped(a_day * len(expression.weekday.values))} a week"
    days = _days_in_four_years(expression, now)
    if days < _YEARS:
        return f"{said} · less than one such day a year"
    return f"{said} · about {grouped(round(a_day * days / _YEARS))} a year"


def _days_in_four_years(expression: CronExpression, now: Instant) -> int:
    day, month, weekday = (field.text for field in expression.fields[2:])
    days = schedule_of(Cron(f"0 0 {day} {month} {weekday}", "UTC"))
    end = now + _DAYS * 86_400 * SECOND
    return sum(1 for _ in takewhile(lambda at: at <= end, _times(days.next, now)))


def _times(following: Callable[[Instant], Instant | None], at: Instant) -> Iterator[Instant]:
    found = following(at)
    while found is not None:
        yield found
        found = following(found)


def _explained(field: Field, written: str) -> str:
    name = "weekday" if field.kind is WEEKDAY else field.kind.name
    if field.text != written:
        return f"{name} {field.text} for now: each job gets an H of its own"
    if field.kind is WEEKDAY and field.nth:
        return f"weekday {written} (the {in_words(nth_names(field))} of the month)"
    if field.is_full:
        return _ALL.get(field.kind, f"every {name}")
    return f"{name} {_values(field)}"


def _values(field: Field) -> str:
    """Return "0, 15, 30, 45", "5 (Fri)" or "1 and L (the last day)"."""
    values = sorted(field.values)
    if field.kind is WEEKDAY and values != [0]:
        values = sorted(value or _WEEK for value in values)
    spans = list(_spans(values))
    said = ", ".join(_DASH.join(map(str, span)) for span in _few(spans))
    if names := _NAMES.get(field.kind):
        said += f" ({', '.join(_DASH.join(names[each][:3] for each in span) for span in spans)})"
    if field.last:
        return " and ".join(part for part in (said, "L (the last day)") if part)
    return said


def _few(spans: Sequence[Sequence[int]]) -> list[tuple[int | str, ...]]:
    if len(spans) <= _MOST_VALUES:
        return [tuple(span) for span in spans]
    return [*(tuple(span) for span in spans[: _MOST_VALUES - _FEW]), ("…",), tuple(spans[-1])]


def _spans(values: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield (first, last) of three or more values in a row, and (value,) of the others."""
    rest = list(values)
    while rest:
        length = next((n for n in range(len(rest)) if rest[n] != rest[0] + n), len(rest))
        if length > _FEW:
            yield rest[0], rest[length - 1]
        else:
            yield from ((value,) for value in rest[:length])
        rest = rest[length:]
