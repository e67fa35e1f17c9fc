"""The schedules of a job, each made once for all jobs that share it."""

from __future__ import annotations

from flowcron.domain.job import Job
from flowcron.domain.schedule import Schedule, schedule_of


def schedules_of(job: Job) -> tuple[Schedule, ...]:
    """Return when a job is due; a job of an older configuration keeps its old times."""
    return tuple(schedule_of(when) for when in job.when)


def signature(schedules: tuple[Schedule, ...]) -> str:
    """Return what a job's cursor is valid for: another signature begins anew."""
    return "\n".join(schedule.key for schedule in schedules)
