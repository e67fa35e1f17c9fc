"""When a job is due next, by what it says of itself."""

from __future__ import annotations

from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import AfterEnd, Job, Timed


def next_time(job: Job, after: Instant, *, ended: Instant | None = None) -> Instant | None:
    """Return when a job is due next, or None when it is not; its last run has `ended` then."""
    if not job.enabled or not job.when:
        return None
    from flowcron.domain.schedule import schedule_of  # noqa: PLC0415 it brings croniter along

    times = [schedule_of(when).next(after) for when in job.when if isinstance(when, Timed)]
    if ended is not None:
        rests = (when for when in job.when if isinstance(when, AfterEnd))
        times += [Instant(ended + micros(when.period)) for when in rests]
    return min((at for at in times if at is not None), default=None)
