"""What is allowed and yet probably not meant, as far as it costs next to nothing to see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, assert_never

from flowcron.config.lint_policies import while_it_takes_long
from flowcron.config.mistake import Mistake
from flowcron.config.positions import Path
from flowcron.domain.cron import parse_cron
from flowcron.domain.duration import format_duration
from flowcron.domain.job import Cron, Every, Job

_STEP = re.compile(r"(?<![^,])\*/([0-9]{1,2})(?![^,])")
_FIELDS, _DAY, _WEEKDAY = 5, 2, 4
_CYCLES = ((60, "minute", "m"), (24, "hour", "h"))


def warnings_about(jobs: Iterable[Job], table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield what is probably not meant in the jobs of one file, whose table is given too."""
    for job in jobs:
        cron = table["jobs"][job.name].get("cron", [])
        path: Path = ("jobs", job.name, "cron")
        for text, place in cron_texts(cron, path):
            yield from _uneven_steps(text, place)
            yield from _two_day_fields(text, place)
        if "timeout" in table["jobs"][job.name]:  # one of [defaults] is meant for the long ones
            yield from _longer_than_interval(job)
        if "jitter" in table["jobs"][job.name]:
            yield from _wide_jitter(job)


def cron_texts(cron: str | list[str], path: Path) -> list[tuple[str, Path]]:
    """Return the cron texts of a job, and where each stands."""
    if isinstance(cron, str):
        return [(cron, path)]
    return [(text, (*path, number)) for number, text in enumerate(cron)]


def _two_day_fields(text: str, path: Path) -> Iterator[Mistake]:
    """Yield cron's rule for days where both fields say something (semantics, rule 5)."""
    fields = list(re.finditer(r"\S+", text))
    if len(fields) != _FIELDS or "*" in (fields[_DAY][0], fields[_WEEKDAY][0]):
        return
    expression = parse_cron(text)
    if expression.day.is_full or expression.weekday.is_full:
        return
    if expression.both_days:
        message = "one day field begins with *, so a day must match both of them"
        help_ = "write the field without * if a day that matches either is meant"
    else:
        message = "both day fields are restricted, so a day that matches either is enough"
        help_ = "write * in one of them; the first Monday of a month is * as day and MON#1"
    part = fields[_DAY].start(), fields[_WEEKDAY].end()
    yield Mistake("day-rule", message, path, help_, part=part, warning=True)


def _uneven_steps(text: str, path: Path) -> Iterator[Mistake]:
    if "*/" not in text:
        return
    at = 0
    for field, (cycle, unit, letter) in zip(text.split(), _CYCLES, strict=False):
        at = text.index(field, at)
        for found in _STEP.finditer(field):
            step = int(found[1])
            if step and cycle % step:
                yield Mistake(
                    "uneven-step",
                    f"*/{step} is not every {step} {unit}s: it starts again after {cycle % step}",
                    path,
                    f'for a steady beat write every = "{step}{letter}"',
                    part=(at + found.start(), at + found.end()),
                    warning=True,
                )
        at += len(field)


def _longer_than_interval(job: Job) -> Iterator[Mistake]:
    intervals = [_interval(when) for when in job.when if isinstance(when, Cron | Every)]
    if job.timeout is None or not intervals:
        return
    shortest = min(intervals)
    if job.timeout > shortest:
        yield Mistake(
            "long-timeout",
            f"the timeout is longer than the {format_duration(shortest)} between two runs",
            ("jobs", job.name, "timeout"),
            while_it_takes_long(job),
            warning=True,
        )


def _wide_jitter(job: Job) -> Iterator[Mistake]:
    intervals = [_interval(when) for when in job.when if isinstance(when, Cron | Every)]
    if job.jitter is not None and intervals and job.jitter * 2 >= min(intervals):
        yield Mistake(
            "wide-jitter",
            f"the jitter is half or more of the {format_duration(min(intervals))} between two runs",
            ("jobs", job.name, "jitter"),
            "one run may start when the next is nearly due",
            warning=True,
        )


def _interval(when: Cron | Every) -> timedelta:
    match when:
        case Every(period=period):
            return period
        case Cron(text=text):
            return _shortest_interval(text)
        case _:
            assert_never(when)


@lru_cache(4096)
def _shortest_interval(text: str) -> timedelta:
    """Return the shortest time between two runs by minute and hour alone; at least that it is."""
    expression = parse_cron(text)
    minutes, hours = sorted(expression.minute.values), sorted(expression.hour.values)
    between_hours = min(b - a for a, b in pairwise([*hours, hours[0] + 24]))
    within_hour = [b - a for a, b in pairwise(minutes)]
    across_hours = between_hours * 60 - (minutes[-1] - minutes[0])
    return timedelta(minutes=min([*within_hour, across_hours]))
