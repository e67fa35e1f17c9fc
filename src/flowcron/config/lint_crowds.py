"""Cron lines that make many jobs start in the same minute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from flowcron.config.mistake import Mistake
from flowcron.config.positions import Path
from flowcron.domain.cron import CronExpression, parse_cron
from flowcron.domain.job import Cron

MOST = 10
"""More jobs than this in one minute are a crowd."""

_NAMED = 3
_WEEKDAYS = frozenset(range(7))
_DATES = frozenset(range(1, 32))


class Line(NamedTuple):
    """One cron line: of which job, where it stands, and whether jitter spreads its starts."""

    file: str
    job: str
    cron: Cron
    path: Path
    spread: bool


class _Minute(NamedTuple):
    """A minute of the day in a zone, on a day of the week (0 to 6) or of the month (-1 to -31)."""

    zone: str
    minute: int
    day: int


def crowds(lines: Sequence[Line]) -> list[tuple[Line, Mistake]]:
    """Return each crowd once, at its first line."""
    groups = list(_alike(lines).values())
    minutes = defaultdict[_Minute, list[int]](list)
    for number, group in enumerate(groups):
        for minute in _minutes_of(group[0].cron):
            minutes[minute].append(number)
    largest: dict[tuple[str, int], tuple[int, ...]] = {}
    for minute, members in minutes.items():
        place = (minute.zone, minute.minute)
        if _jobs(groups, members) > max(MOST, _jobs(groups, largest.get(place, ()))):
            largest[place] = tuple(members)
    times = defaultdict[tuple[int, ...], list[int]](list)
    for (_, minute_of_day), crowd in sorted(largest.items()):
        times[crowd].append(minute_of_day)
    return [
        _mistake([line for n in crowd for line in groups[n]], of) for crowd, of in times.items()
    ]


def _alike(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    """Return the lines by their text and zone."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if not line.spread:
            groups.setdefault((line.cron.text, line.cron.timezone), []).append(line)
    return groups


def _jobs(groups: Sequence[Sequence[Line]], members: Iterable[int]) -> int:
    return len({line.job for number in members for line in groups[number]})


def _minutes_of(cron: Cron) -> Iterator[_Minute]:
    expression = parse_cron(cron.text)
    days = _days_of(expression)
    for hour in expression.hour.values:
        for minute in expression.minute.values:
            for day in days:
                yield _Minute(cron.timezone, hour * 60 + minute, day)


def _days_of(expression: CronExpression) -> list[int]:
    """Return the days on which it may be due: one that leaves out no day has them of both kinds."""
    weekdays = expression.weekday.values or {day for day, _ in expression.weekday.nth}
    dates = expression.day.values or _DATES
    if expression.day.is_full and weekdays == _WEEKDAYS:
        return [*_WEEKDAYS, *(-date for date in _DATES)]
    if expression.day.is_full:
        return list(weekdays)
    return [-date for date in dates]


def _mistake(lines: Sequence[Line], minutes: Sequence[int]) -> tuple[Line, Mistake]:
    first = lines[0]
    names = list(dict.fromkeys(line.job for line in lines))
    hour, minute = divmod(minutes[0], 60)
    more = f" and in {len(minutes) - 1} more minutes of the day" if len(minutes) > 1 else ""
    named = f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    mistake = Mistake(
        "crowd",
        f"{len(names)} jobs are due at {hour:02}:{minute:02}{more}: {named}",
        first.path,
        'H as the minute gives each job one of its own, jitter = "5m" spreads their starts',
        warning=True,
    )
    return first, mistake
