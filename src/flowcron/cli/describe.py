"""Schedules in English, from what our parser understood and never from the text itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import assert_never
from zoneinfo import ZoneInfo

from flowcron.cli.describedays import days_text, in_words
from flowcron.domain.cron import CronExpression, parse_cron
from flowcron.domain.duration import format_duration
from flowcron.domain.instant import Instant, moment
from flowcron.domain.job import After, AfterEnd, At, Condition, Cron, Every, Job, OnStart, When

_MOST_TIMES = 4
_MOST_WRITTEN = 2
_MANY_HOURS = 3
_MOST_RUNS = 2
_HOUR = 60
_DAY = 24


def schedule_text(job: Job, *, zone: str = "") -> str:
    """Return when a job runs; the zone is said where it is another than `zone`."""
    if not job.when:
        return "by hand"
    return "; ".join(when_text(when, zone=zone) for when in job.when)


def when_text(when: When, *, zone: str = "") -> str:
    """Return what one schedule means; the zone is said where it is another than `zone`."""
    match when:
        case Every(period=period, start=None):
            return every_text(period)
        case Every(period=period, start=start):
            return f"{every_text(period)} from {_written_time(start or Instant(0), zone)}"
        case AfterEnd(period=period):
            return f"{format_duration(period)} after the end of each run"
        case At(times=times):
            return _at_text(times, zone)
        case OnStart():
            return "once per boot"
        case After(jobs=jobs, condition=condition):
            return after_text(jobs, condition)
        case Cron(text=text, timezone=timezone):
            said = cron_text(text)
            return said if timezone == zone or not zone else f"{said} {timezone}"
        case _:
            assert_never(when)


def after_text(jobs: Sequence[str], condition: Condition) -> str:
    """Return "after extract", and what of it where that is not its success."""
    names = in_words(list(jobs))
    match condition:
        case Condition.SUCCESS:
            return f"after {names}"
        case Condition.FAILURE:
            return f"after {names} failed"
        case Condition.ALWAYS:
            return f"after {names}, however it ends"
        case _:
            assert_never(condition)


def cron_text(text: str) -> str:
    """Return what a cron expression means: "every day at 03:00", "Mondays at 08:00"."""
    return expression_text(parse_cron(text))


def expression_text(expression: CronExpression) -> str:
    """Return the same of an expression that was parsed already."""
    time, is_moment = _time_of_day(expression)
    days = days_text(expression)
    if is_moment:
        some = not days or days.startswith("in ")
        return " ".join(part for part in ("every day" if some else "", days, time) if part)
    return f"{time}, {days}" if days else time


def every_text(period: timedelta) -> str:
    """Return "every 30s"."""
    return f"every {format_duration(period)}"


def _at_text(times: Sequence[Instant], zone: str) -> str:
    if len(times) <= _MOST_WRITTEN:
        return "once at " + in_words([_written_time(at, zone) for at in times])
    first, last = (_written_time(at, zone) for at in (min(times), max(times)))
    return f"{len(times)} times from {first} to {last}"


def _written_time(at: Instant, zone: str) -> str:
    when = moment(at, ZoneInfo(zone or "UTC"))
    return f"{when:%Y-%m-%d %H:%M:%S}".removesuffix(":00") + ("" if zone else " UTC")


def _time_of_day(expression: CronExpression) -> tuple[str, bool]:
    """Return the times of a day, and whether they are moments of it ("at 03:00")."""
    minutes, hours = sorted(expression.minute.values), sorted(expression.hour.values)
    if len(minutes) == 1 and len(hours) >= _MANY_HOURS:
        hourly = _hourly(minutes[0], hours)
        if hourly:
            return hourly, False
    if len(minutes) * len(hours) <= _MOST_TIMES:
        return "at " + in_words(
            [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
        ), True
    runs = _runs_of(hours)
    if len(minutes) > 1 and (step := _step(minutes, _HOUR)) and len(runs) <= _MOST_RUNS:
        name = "every minute" if step == 1 else f"every {step} minutes"
        if len(hours) == _DAY:
            return name + (f" from :{minutes[0]:02}" if minutes[0] else ""), False
        return name + _from_to(runs, minutes), False
    return _described(minutes, hours), False


def _hourly(minute: int, hours: Sequence[int]) -> str:
    """Return "every 6 hours at :17", or nothing when the hours are irregular."""
    past = f" at :{minute:02}" if minute else ""
    step = _even_step(hours)
    every = "every hour" if step == 1 else f"every {step} hours"
    if step and hours[0] < step and hours[-1] + step >= _DAY and _DAY % step == 0:
        return every + (f" from {hours[0]:02}:{minute:02}" if hours[0] else past)
    if step:
        return f"{every} from {hours[0]:02}:{minute:02} to {hours[-1]:02}:{minute:02}"
    runs = _runs_of(hours)
    return f"every hour{_from_to(runs, [minute])}" if len(runs) <= _MOST_RUNS else ""


def _from_to(runs: Sequence[Sequence[int]], minutes: Sequence[int]) -> str:
    return " " + in_words([_span(run, minutes) for run in runs])


def _span(hours: Sequence[int], minutes: Sequence[int]) -> str:
    first, last = f"{hours[0]:02}:{minutes[0]:02}", f"{hours[-1]:02}:{minutes[-1]:02}"
    return f"at {first}" if first == last else f"from {first} to {last}"


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
    if len(values) > 1 and len(_runs_of(values)) == 1:
        return f"{values[0]}-{values[-1]}"
    return ",".join(map(str, values))


def _step(values: Sequence[int], cycle: int) -> int:
    """Return n when the values are every nth of a cycle that n divides, all around, else 0."""
    step = _even_step(values)
    return step if step and cycle % step == 0 and len(values) * step == cycle else 0


def _even_step(values: Sequence[int]) -> int:
    """Return the distance from each value to the next where it is always the same, else 0."""
    steps = {later - early for early, later in pairwise(values)}
    return steps.pop() if len(steps) == 1 else 0


def _runs_of(values: Sequence[int]) -> list[list[int]]:
    """Return the values in groups without a gap."""
    runs = [[values[0]]]
    for value in values[1:]:
        if value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return runs
