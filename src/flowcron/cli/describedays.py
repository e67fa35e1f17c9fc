"""The days of a cron expression in English."""

from __future__ import annotations

from collections.abc import Sequence

from flowcron.domain.cron import CronExpression
from flowcron.domain.cron_field import Field

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WHICH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_WORKDAYS = frozenset(range(1, 6))
_WEEKEND = frozenset({0, 6})
_ODD, _EVEN = frozenset(range(1, 32, 2)), frozenset(range(2, 32, 2))
_FEW = 2
_FEBRUARY, _LEAP_DAY = 2, 29


def days_text(expression: CronExpression) -> str:
    """Return which days, or nothing for every day."""
    month = expression.month
    months = "" if month.is_full else in_words([MONTHS[n - 1] for n in sorted(month.values)])
    weekdays = _weekdays(expression.weekday, months)
    dates = _dates(expression.day, months)
    if dates and not weekdays and len(month.values) == 1 and not expression.day.last:
        return _each_year(expression.day, months)
    if expression.both_days and weekdays and dates:
        return f"{weekdays} that are {dates}"
    if weekdays and dates:
        return f"{_within(weekdays, months)} and {dates}"
    if not months or dates or expression.weekday.nth:
        return weekdays or dates
    return _within(weekdays, months).strip()


def nth_names(field: Field) -> list[str]:
    """Return "second Monday" for each MON#2 of a field."""
    return [f"{_WHICH[which]} {WEEKDAYS[day]}" for day, which in sorted(field.nth)]


def in_words(words: Sequence[str], *, last: str = "and") -> str:
    """Return "one", "one and two" or "one, two and three"."""
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _within(weekdays: str, months: str) -> str:
    return f"{weekdays} in {months}" if months else weekdays


def _each_year(field: Field, month: str) -> str:
    if field.values == {_LEAP_DAY} and month == MONTHS[_FEBRUARY - 1]:
        return "on 29 February of leap years"
    dates = _spans(field, [str(day) for day in range(32)])
    return f"every year on {in_words(dates)} {month}"


def _dates(field: Field, months: str) -> str:
    """Return "the 1st of every month", or nothing for every day."""
    if field.is_full:
        return ""
    of_months = f"of {months or 'the month'}"
    if field.values in {_ODD, _EVEN} and not field.last:
        return f"{'odd' if field.values == _ODD else 'even'} days {of_months}"
    step = next((n for n in range(3, 16) if field.values == set(range(1, 32, n))), 0)
    if step and not field.last:
        return f"every {_ordinal(step)} day {of_months} from the 1st"
    names = [f"the {name}" for name in _spans(field, [_ordinal(day) for day in range(32)])]
    names += ["the last day"] if field.last else []
    return f"{in_words(names)} {of_months if len(names) > 1 or months else 'of every month'}"


def _spans(field: Field, names: Sequence[str]) -> list[str]:
    """Return the values by their names, three or more in a row as "1st to 7th"."""
    spans: list[str] = []
    days = sorted(field.values)
    while days:
        length = next((n for n in range(len(days)) if days[n] != days[0] + n), len(days))
        span, days = days[:length], days[length:]
        if len(span) > _FEW:
            spans.append(f"{names[span[0]]} to {names[span[-1]]}")
        else:
            spans += [names[day] for day in span]
    return spans


def _weekdays(field: Field, months: str) -> str:
    if field.nth:
        return f"the {in_words(nth_names(field))} of {months or 'every month'}"
    if field.is_full:
        return ""
    if field.values == _WORKDAYS:
        return "weekdays"
    if field.values == _WEEKEND:
        return "weekends"
    return in_words([f"{WEEKDAYS[day]}s" for day in sorted(field.values, key=lambda day: day or 7)])


def _ordinal(number: int) -> str:
    if number in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
