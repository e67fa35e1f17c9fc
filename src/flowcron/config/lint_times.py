"""What is probably not meant about the times of jobs; it takes a look at the coming year to see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from flowcron.config.config import Config
from flowcron.config.lint import cron_texts
from flowcron.config.lint_crowds import Line, crowds
from flowcron.config.mistake import Mistake, located
from flowcron.config.sources import Source, unchanged_sources
from flowcron.domain.clock_change import Effect, Touched, changes, touched
from flowcron.domain.cron import other_trigger, parse_cron
from flowcron.domain.instant import SECOND, Instant, micros, moment
from flowcron.domain.job import Cron, Job
from flowcron.domain.schedule import interval, schedule_of
from flowcron.domain.wall import Change
from flowcron.errors import Problem

_TWO = 2
_LEAP_YEAR = 366 * 86_400
_LEAP_DAY = (frozenset({29}), frozenset({2}))
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def warnings_about_times(config: Config, now: Instant) -> tuple[Problem, ...]:
    """Return what is probably not meant about when the jobs of a configuration run."""
    sources = unchanged_sources(config.path, config.digest)
    lines = {source.path: list(_lines(source, config.jobs)) for source in sources}
    crowded = crowds([line for some in lines.values() for line in some])
    problems: list[Problem] = []
    for source in sources:
        here = lines[source.path]
        mistakes = [*_touched_by_clocks(here, now), *_rare(here, now)]
        mistakes += [mistake for line, mistake in crowded if line.file == str(source.path)]
        problems += located(source, mistakes)
    return tuple(problems)


def _lines(source: Source, jobs: Iterable[Job]) -> Iterator[Line]:
    """Yield the cron lines in one file, of the jobs that are enabled."""
    for job in jobs:
        if job.file != str(source.path) or not job.enabled:
            continue
        path = ("jobs", job.name, "cron")
        written = cron_texts(source.table["jobs"][job.name].get("cron", []), path)
        places = [place for text, place in written if other_trigger(text) is None]
        crons = [when for when in job.when if isinstance(when, Cron)]
        for cron, place in zip(crons, places, strict=True):
            yield Line(job.file, job.name, cron, place, spread=job.jitter is not None)


def _touched_by_clocks(lines: Iterable[Line], now: Instant) -> Iterator[Mistake]:
    """Yield fixed times that the clocks of their zone will skip or repeat within a year."""
    zones = _Zones(now // SECOND)
    for line in lines:
        coming = zones.changes(line.cron.timezone)
        if not coming or parse_cron(line.cron.text).wildcard:
            continue
        found = [each for change in coming if (each := touched(line.cron, change))]
        if found:
            yield Mistake(
                "clock-change",
                f"{_what_clocks_do(found)} ({line.cron.timezone})",
                line.path,
                "; ".join(map(_what_becomes_of_it, found)),
                warning=True,
            )


class _Zones:
    """The clock changes of zones in the year after an instant, each looked for once."""

    def __init__(self, second: int) -> None:
        self._second = second
        self._found: dict[str, list[Change]] = {}

    def changes(self, name: str) -> list[Change]:
        """Return the changes of a zone."""
        if name not in self._found:
            end = self._second + _LEAP_YEAR
            self._found[name] = list(changes(ZoneInfo(name), self._second, end))
        return self._found[name]


def _what_clocks_do(found: Sequence[Touched]) -> str:
    """Return "02:30 does not exist on 28 March 2027 and happens twice on 31 October 2027"."""
    said: list[str] = []
    before = ""
    for each in found:
        many, times = each.count > 1, _times(each)
        verb = "do not exist" if many else "does not exist"
        if each.change.repeats:
            verb = "happen twice" if many else "happens twice"
        named = "" if times == before else f"{times} "
        said.append(f"{named}{verb} on {_date(each)}")
        before = times
    return " and ".join(said)


def _times(found: Touched) -> str:
    if found.count == 1:
        return _clock(found.first)
    return f"{_clock(found.first)} {'and' if found.count == _TWO else 'to'} {_clock(found.last)}"


def _what_becomes_of_it(found: Touched) -> str:
    match found.effect:
        case Effect.MOVED:
            return f"on {_date(found)} it runs at {_clock(found.change.end)}"
        case Effect.DROPPED:
            return f"on {_date(found)} it is left out"
        case Effect.ONCE:
            return f"on {_date(found)} it runs the first time only"
        case Effect.TWICE:
            return f"on {_date(found)} it runs both times"
        case _:
            assert_never(found.effect)


def _rare(lines: Iterable[Line], now: Instant) -> Iterator[Mistake]:
    """Yield what is due less often than once a year."""
    for line in lines:
        schedule = schedule_of(line.cron)
        at = schedule.next(now)
        length = None if at is None else interval(schedule, Instant(at - 1))
        if at is None or length is None or micros(length) <= (_LEAP_YEAR + 86_400) * SECOND:
            continue
        expression = parse_cron(line.cron.text)
        leap_day = (expression.day.values, expression.month.values) == _LEAP_DAY
        when = moment(at, ZoneInfo(line.cron.timezone))
        yield Mistake(
            "rare",
            "this runs on 29 February only" if leap_day else "this runs less than once a year",
            line.path,
            f"the next time is {when.day} {_MONTHS[when.month - 1]} {when.year}"
            + ('; the last day of February is "L 2"' if leap_day else ""),
            warning=True,
        )


def _clock(wall: int) -> str:
    return f"{datetime.fromtimestamp(wall, UTC):%H:%M}"


def _date(found: Touched) -> str:
    when = datetime.fromtimestamp(found.first, UTC)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
