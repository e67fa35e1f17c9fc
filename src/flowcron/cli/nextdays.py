"""The times of one job, day by day: all that were asked for, or the next days in short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import chain, groupby, islice, takewhile
from zoneinfo import ZoneInfo

from flowcron.cli.nextfires import Fire, fires_of
from flowcron.domain.clock_change import changes
from flowcron.domain.instant import SECOND, Instant, instant
from flowcron.domain.job import Cron, Job, Timed
from flowcron.domain.schedule import schedule_of
from flowcron.domain.times import day, local

_MOST_DAYS = 10
_ENOUGH_DAYS, _ENOUGH_TIMES = 2, 10
_LONG_DAY = 27 * 3_600  # with the longest hour that a zone repeats
_SHORTEST = len("00:00 ")
_FEWEST = 3
_KEPT_AT_END = 2  # the ellipsis and the last time


@dataclass(frozen=True, slots=True)
class Day:
    """The times of one day, as people read them, and what the clocks do to them."""

    first: datetime
    times: tuple[str, ...]
    notes: tuple[str, ...]


def days_of(fires: Iterable[Fire], zone: tzinfo | None, *, reader: str) -> Iterator[Day]:
    """Yield all of some times, grouped by day."""
    for _, group in groupby(fires, key=lambda fire: local(fire.at, zone).date()):
        some = list(group)
        times = [local(fire.at, zone) for fire in some]
        notes = dict.fromkeys(note for fire in some if (note := fire.note(reader)))
        yield Day(times[0], _shown(times), tuple(notes))


def days_in_short(
    job: Job, after: Instant, zone: tzinfo | None, *, room: int, reader: str
) -> Iterator[Day]:
    """Yield the next days that have times; of each as many of the first as fit, and the last."""
    days = times = 0
    while days < _MOST_DAYS and (days < _ENOUGH_DAYS or times < _ENOUGH_TIMES):
        stream = fires_of(job, after)
        first = next(stream, None)
        if first is None:
            return
        end = midnight(local(first.at, zone).date() + timedelta(days=1), zone)
        some = [first, *islice(takewhile(_before(end), stream), room // _SHORTEST)]
        last = _last(job, some[-1].at, end)
        shown = _fitted([local(at, zone) for at in (*(fire.at for fire in some), last)], room)
        yield Day(local(first.at, zone), shown, tuple(_notes(job, first, end, reader)))
        after, days, times = Instant(end - 1), days + 1, times + len(some)


def day_and_year(when: datetime, now: datetime) -> str:
    """Return "Fri 20 Nov", with its year where that is not this one."""
    return day(when) if when.year == now.year else f"{day(when)} {when.year}"


def _fitted(times: Sequence[datetime], room: int) -> tuple[str, ...]:
    """Return times that fit into so many cells; the last is there twice if nothing is left out."""
    *first, last = times
    shown = _shown(times)
    cell = len(shown[0]) + 1
    fits = max(_FEWEST, (room + 1) // cell)
    if first[-1] == last and len(first) <= fits:
        return shown[:-1]
    return (*shown[: fits - _KEPT_AT_END], "…", shown[-1])


def _shown(times: Sequence[datetime]) -> tuple[str, ...]:
    """Return times with seconds where any of them has some."""
    exact = any(when.second for when in times)
    return tuple(f"{when:%H:%M:%S}" if exact else f"{when:%H:%M}" for when in times)


def midnight(of: date, zone: tzinfo | None) -> Instant:
    """Return when a day begins in a zone; None is the machine's own."""
    start = datetime.combine(of, time())
    return instant(start.astimezone() if zone is None else start.replace(tzinfo=zone))


def _before(end: Instant) -> Callable[[Fire], bool]:
    return lambda fire: fire.at < end


def _last(job: Job, floor: Instant, end: Instant) -> Instant:
    """Return the last time of a job before `end`; there is one at `floor`."""
    whens = [when for when in job.when if isinstance(when, Timed)]
    found = [schedule_of(when).last(Instant(end - 1), floor) for when in whens]
    return max((at for at in found if at is not None), default=floor)


def _notes(job: Job, first: Fire, end: Instant, reader: str) -> Iterable[str]:
    """Return what the clocks do to the times of a day; most days they do nothing."""
    some: Iterable[Fire] = (first,)
    if _clocks_change(job, end):
        some = chain(some, takewhile(_before(end), fires_of(job, first.at)))
    return dict.fromkeys(note for fire in some if (note := fire.note(reader)))


def _clocks_change(job: Job, end: Instant) -> bool:
    """Return whether the day that ends there has a clock change in a zone of the job."""
    until = end // SECOND
    zones = {when.timezone for when in job.when if isinstance(when, Cron)}
    return any(any(changes(ZoneInfo(zone), until - _LONG_DAY, until)) for zone in zones)
