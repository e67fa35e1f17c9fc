"""The times at which jobs are due, one after the other and as far away as anybody asks."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from flowcron.cli.clockchange import clock_note
from flowcron.domain.instant import Instant
from flowcron.domain.job import Cron, Job, Timed
from flowcron.domain.schedule import schedule_of


class Fire(NamedTuple):
    """One time at which a job is due, by one of its schedules; `since` is that one's time before.

    Before the first time that was asked for, `since` is where the asking began.
    """

    at: Instant
    name: str
    when: Timed
    since: Instant

    def note(self, reader: str = "") -> str | None:
        """Return what the clocks do to it; the zone is named where it is not the reader's."""
        if not isinstance(self.when, Cron):
            return None
        return clock_note(self.when, self.at, since=self.since, reader=reader)


def fires_of(job: Job, after: Instant) -> Iterator[Fire]:
    """Yield every time of a job strictly after an instant, each once."""
    if not job.enabled:
        return
    streams = [_fires(job.name, when, after) for when in job.when if isinstance(when, Timed)]
    last: Instant | None = None
    for fire in streams[0] if len(streams) == 1 else heapq.merge(*streams, key=_instant):
        if fire.at != last:
            yield fire
        last = fire.at


def fires(jobs: Iterable[Job], after: Instant, *, until: Instant | None) -> Iterator[Fire]:
    """Yield the times of all jobs in their order, before `until` if it is not None."""
    merged = heapq.merge(*(fires_of(job, after) for job in jobs), key=_instant_and_name)
    return takewhile(lambda fire: until is None or fire.at < until, merged)


def first_of_each(jobs: Sequence[Job], after: Instant) -> list[Fire]:
    """Return the next time of each job, the soonest first."""
    found = [fire for job in jobs for fire in islice(fires_of(job, after), 1)]
    return sorted(found, key=_instant_and_name)


def _fires(name: str, when: Timed, after: Instant) -> Iterator[Fire]:
    schedule = schedule_of(when)
    since, at = after, schedule.next(after)
    while at is not None:
        yield Fire(at, name, when, since)
        since, at = at, schedule.next(at)


def _instant(fire: Fire) -> Instant:
    return fire.at


def _instant_and_name(fire: Fire) -> tuple[Instant, str]:
    return fire.at, fire.name
