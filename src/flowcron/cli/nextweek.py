"""The coming week in a picture: seven days of 24 hours, and how many runs begin in each."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice, takewhile

from flowcron.cli.context import Session
from flowcron.cli.describe import schedule_text
from flowcron.cli.nextdays import midnight
from flowcron.cli.nextfires import fires_of
from flowcron.cli.text import Line, Span, width
from flowcron.cli.words import grouped
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Job, Timed, When
from flowcron.domain.schedule import Schedule, schedule_of
from flowcron.domain.times import day, local

DAYS = 7
_HOURS = 24
_PING = DAYS * _HOURS  # what runs more often than this in the week fills every hour
_QUARTER = 900 * SECOND
_SIGNS, _ASCII_SIGNS = "·▪■█", ".oX#"
_BOUNDS = (1, 2, 5)  # how many runs each sign but the first begins with
_MEANINGS = ("none", "1", "2\u20134", "5+")
_MOST_NAMES = 3
_MARGIN = "   "
_LABEL = len("Sun 22 Nov   ")
_WIDE_ROOM = _LABEL + 2 * _HOURS + len("  9 999")

_Cell = tuple[date, int]


@dataclass(frozen=True, slots=True)
class Week:
    """How many runs begin in each hour of the days, and the jobs that were left out."""

    days: tuple[datetime, ...]
    counts: Counter[_Cell]
    left_out: tuple[Job, ...]

    @property
    def busiest(self) -> tuple[int, ...]:
        """The hours of the day in which most runs begin."""
        hours: Counter[int] = Counter()
        for (_, hour), count in self.counts.items():
            hours[hour] += count
        most = max(hours.values(), default=0)
        return tuple(sorted(hour for hour, count in hours.items() if count == most))


def week_end(begin: Instant, zone: tzinfo | None) -> Instant:
    """Return the end of the seventh day, of which the first is the one that has begun."""
    return midnight(local(begin, zone).date() + timedelta(days=DAYS), zone)


def week_of(jobs: Sequence[Job], after: Instant, zone: tzinfo | None) -> Week:
    """Return the week after an instant; jobs like ping are left out where there are others."""
    end = week_end(Instant(after + 1), zone)
    first = local(Instant(after + 1), zone)
    counts: Counter[_Cell] = Counter()
    often: list[Job] = []
    for same in _alike(jobs):
        found = list(islice(takewhile(end.__gt__, _times(same[0], after)), _PING + 1))
        if len(found) > _PING:
            often += same
            continue
        for at in found:
            when = local(at, zone)
            counts[when.date(), when.hour] += len(same)
    if not counts:
        counts = _all_of(often, after, end, zone)
        often = []
    days = tuple(first + timedelta(days=number) for number in range(DAYS))
    return Week(days, counts, tuple(often))


def write_week(session: Session, week: Week) -> None:
    """Write the picture of a week."""
    signs = _ASCII_SIGNS if session.screen.ascii else _SIGNS
    gap = " " if session.screen.room is None or session.screen.room >= _WIDE_ROOM else ""
    step = len(gap) + 1
    scale = "".join(f"{hour:<{3 * step}}" for hour in range(0, _HOURS, 3))
    session.screen.line(Span(" " * _LABEL + scale.rstrip(), "title"))
    for each in week.days:
        row = [week.counts[each.date(), hour] for hour in range(_HOURS)]
        cells = [Span(signs[_size(count)] + gap, "" if count else "dim") for count in row]
        session.screen.line(f"{day(each):<{_LABEL}}", *cells, f" {grouped(sum(row))}")
    for line in _legend(session, week, signs):
        session.screen.line(*line, fit=True)


def _alike(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield jobs together that have the same times."""
    groups: dict[tuple[When, ...], list[Job]] = {}
    for job in jobs:
        if job.enabled:
            groups.setdefault(job.when, []).append(job)
    yield from groups.values()


def _times(job: Job, after: Instant) -> Iterator[Instant]:
    return (fire.at for fire in fires_of(job, after))


def _all_of(
    jobs: Sequence[Job], after: Instant, end: Instant, zone: tzinfo | None
) -> Counter[_Cell]:
    """Count the times of jobs that run very often; periods by hours, not one by one."""
    counts: Counter[_Cell] = Counter()
    for same in _alike(jobs):
        for when in (each for each in same[0].when if isinstance(each, Timed)):
            for at, count in _counted(schedule_of(when), after, end):
                shown = local(at, zone)
                counts[shown.date(), shown.hour] += count * len(same)
    return counts


def _counted(schedule: Schedule, after: Instant, end: Instant) -> Iterator[tuple[Instant, int]]:
    """Yield how many times are near an instant: of a period by quarters, which no zone divides."""
    floor = after
    while floor + 1 < end:
        until = Instant(min((floor + 1) // _QUARTER * _QUARTER + _QUARTER, end) - 1)
        count = schedule.count(until, floor)
        at = schedule.next(floor) if count is None else until
        if at is None or at >= end:
            return
        yield at, 1 if count is None else count
        floor = at


def _size(count: int) -> int:
    return sum(count >= bound for bound in _BOUNDS)


def _legend(session: Session, week: Week, signs: str) -> Iterator[Line]:
    """Yield what the signs mean, which jobs are not in the picture and when it is busiest."""
    signs_said = "  ".join(f"{sign} {said}" for sign, said in zip(signs, _MEANINGS, strict=True))
    parts = []
    if week.left_out:
        named = [f"{job.name} ({schedule_text(job)})" for job in week.left_out[:_MOST_NAMES]]
        more = len(week.left_out) - len(named)
        parts.append(", ".join([*named, *([f"{more} more"] if more else [])]) + " left out")
    if len(week.busiest) in range(1, _MOST_NAMES + 1):
        parts.append("busiest hour: " + ", ".join(f"{hour:02}" for hour in week.busiest))
    said = " · ".join(parts)
    together = f"{_MARGIN}{signs_said}        {said}"
    if session.screen.room is None or width(together) <= session.screen.room:
        yield (Span(together.rstrip(), "dim"),)
        return
    yield (Span(_MARGIN + signs_said, "dim"),)
    for part in parts:
        for line in textwrap.wrap(part, session.screen.room - len(_MARGIN)):
            yield (Span(_MARGIN + line, "dim"),)
