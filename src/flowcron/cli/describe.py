"""Schedules in English, from what our parser understood and never from the text itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from flowcron.domain.cron import CronExpression, parse_cron
from flowcron.domain.cron_field import Field
from flowcron.domain.duration import format_duration
from flowcron.domain.job import Cron, Every, Job, When

_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WHICH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_WORKDAYS = frozenset(range(1, 6))
_WEEKEND = frozenset({0, 6})
_MOST_TIMES = 4
_MANY_HOURS = 3
_HOUR = 60
_DAY = 24


def schedule_text(job: Job, *, zone: str = "") -> str:
    """Return when a job runs; the zone is said where it is another than `zone`."""
    if not job.when:
        return "by hand"
    return "; ".join(_when_text(when, zone) for when in job.when)


def cron_text(text: str) -> str:
    """Return what a cron expression means: "every day at 03:00", "Mondays at 08:00"."""
    expression = parse_cron(text)
    time, is_moment = _time_of_day(expression)
    days = _days(expression)
    if is_moment:
        some = not days or days.startswith("in ")
        return " ".join(part for part in ("every day" if some else "", days, time) if part)
    return f"{time}, {days}" if days else time


def _when_text(when: When, zone: str) -> str:
    match when:
        case Every(period=period):
            return every_text(period)
        case Cron(text=text, timezone=timezone):
            said = cron_text(text)
            return said if timezone == zone or not zone else f"{said} {timezone}"


def every_text(period: timedelta) -> str:
    """Return "every 30s"."""
    return f"every {format_duration(period)}"


def _time_of_day(expression: CronExpression) -> tuple[str, bool]:
    """Return the times of a day, and whether they are moments of it ("at 03:00")."""
    minutes, hours = sorted(expression.minute.values), sorted(expression.hour.values)
    if len(minutes) == 1 and len(hours) >= _MANY_HOURS:
        hourly = _hourly(minutes[0], hours)
        if hourly:
            return hourly, False
    if len(minutes) * len(hours) <= _MOST_TIMES:
        return "at " + _and(
            [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
        ), True
    step = _step(minutes, _HOUR)
    run = _contiguous(hours)
    if len(minutes) > 1 and step and run:
        name = "every minute" if step == 1 else f"every {step} minutes"
        return name + _hours(hours, last_minute=minutes[-1]), False
    return _described(minutes, hours), False


def _hourly(minute: int, hours: Sequence[int]) -> str:
    """Return "every 6 hours at :17", or nothing when the hours are irregular."""
    past = f" at :{minute:02}" if minute else ""
    if every := _step(hours, _DAY):
        return ("every hour" if every == 1 else f"every {every} hours") + past
    return f"every hour{past}" + _hours(hours, last_minute=minute) if _contiguous(hours) else ""


def _hours(hours: Sequence[int], *, last_minute: int) -> str:
    if len(hours) == _DAY:
        return ""
    return f" from {hours[0]:02}:00 to {hours[-1]:02}:{last_minute:02}"


def _described(minutes: Sequence[int], hours: Sequence[int]) -> str:
    """Return irregular times as cron-descriptor says them, of values written out one by one.

    It would take `*/7` for "every 7 minutes".
    """
    from cron_descriptor import (  # type: ignore[import-untyped]  # noqa: PLC0415 no types; rare
        Options,
        get_description,
    )

    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = "en_US"
    hour_text = "*" if len(hours) == _DAY else _written(hours)
    text = str(get_description(f"{_written(minutes)} {hour_text} * * *", options))
    return text[:1].lower() + text[1:]


def _written(values: Sequence[int]) -> str:
    if len(values) > 1 and _contiguous(values):
        return f"{values[0]}-{values[-1]}"
    return ",".join(map(str, values))


def _days(expression: CronExpression) -> str:
    """Return which days, or nothing for every day."""
    dates, weekdays = _dates(expression.day), _weekdays(expression.weekday)
    months = expression.month
    if dates and not weekdays and len(months.values) == 1 and expression.day.values:
        (month,) = months.values
        if not expression.day.last:
            named = [f"{day} {_MONTHS[month - 1]}" for day in sorted(expression.day.values)]
            return "every year on " + _and(named)
    both = " that are " if expression.both_days else " and "
    days = both.join(part for part in (weekdays, dates) if part)
    if months.is_full:
        return days
    return f"{days} in {_and([_MONTHS[n - 1] for n in sorted(months.values)])}".strip()


def _dates(field: Field) -> str:
    if field.is_full:
        return ""
    step = next((n for n in range(2, 16) if field.values == set(range(1, 32, n))), 0)
    if step and not field.last:
        return f"every {_ordinal(step)} day from the 1st"
    names = [f"the {_ordinal(day)}" for day in sorted(field.values)]
    names += ["the last day"] if field.last else []
    return f"{_and(names)} of the month" if len(names) > 1 else f"{names[0]} of every month"


def _weekdays(field: Field) -> str:
    if field.nth:
        names = [f"{_WHICH[which]} {_WEEKDAYS[day]}" for day, which in sorted(field.nth)]
        return f"the {_and(names)} of every month"
    if field.is_full:
        return ""
    if field.values == _WORKDAYS:
        return "weekdays"
    if field.values == _WEEKEND:
        return "weekends"
    return _and([f"{_WEEKDAYS[day]}s" for day in sorted(field.values, key=lambda day: day or 7)])


def _step(values: Sequence[int], cycle: int) -> int:
    """Return n when the values are every nth of a cycle that n divides, else 0."""
    step = values[1] - values[0] if len(values) > 1 else cycle
    return step if cycle % step == 0 and list(values) == list(range(0, cycle, step)) else 0


def _contiguous(values: Collection[int]) -> bool:
    return max(values) - min(values) + 1 == len(values)


def _ordinal(number: int) -> str:
    if number in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _and(words: Sequence[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"
