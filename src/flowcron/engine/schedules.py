"""The schedules of a job, each made once for all jobs that share it."""

from __future__ import annotations

from flowcron.domain.instant import Instant
from flowcron.domain.job import AfterEnd, At, Cron, Every, Job, Missed, OnStart
from flowcron.domain.planner import lateness_allowed
from flowcron.domain.schedule import Schedule, schedule_of


def schedules_of(job: Job) -> tuple[Schedule, ...]:
    """Return the times that a job has by itself, whatever happens."""
    return tuple(schedule_of(when) for when in job.when if isinstance(when, Cron | Every | At))


def rest_of(job: Job) -> AfterEnd | None:
    """Return how long a job rests between the end of a run and the next, if it does."""
    return next((when for when in job.when if isinstance(when, AfterEnd)), None)


def in_window(job: Job, scheduled_at: Instant | None, *, now: Instant) -> bool:
    """Return whether a claimed run may still start (architecture, rule 10).

    A job that wants its missed times made up wants this one too, and so does who asked for it.
    """
    if scheduled_at is None or job.missed in {Missed.ONCE, Missed.ALL}:
        return True
    return now - scheduled_at <= lateness_allowed(schedules_of(job), scheduled_at)


def is_on_start(job: Job) -> bool:
    """Return whether a job runs once after each boot."""
    return any(isinstance(when, OnStart) for when in job.when)


def is_at(job: Job) -> bool:
    """Return whether a job has times that are written out, each of which comes once and for all."""
    return any(isinstance(when, At) for when in job.when)


def signature(job: Job) -> str:
    """Return what a job's cursor is valid for: another signature begins anew."""
    keys = [schedule.key for schedule in schedules_of(job)]
    if (rest := rest_of(job)) is not None:
        keys.append(f"rest {rest.period.total_seconds():g}s")
    return "\n".join(keys)
