"""From the configuration's jobs to the engine's entries, registered in history."""

from __future__ import annotations

from collections.abc import Iterable

from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.schedule import Schedule
from flowcron.domain.snapshot import definition_of
from flowcron.engine.book import Entry
from flowcron.engine.schedules import schedules_of, signature
from flowcron.history import jobs, record
from flowcron.history.database import Connection, transaction
from flowcron.history.jobs import Definition, JobRow


def load_jobs(history: Connection, configured: Iterable[Job], *, now: Instant) -> list[Entry]:
    """Make these the current jobs of the history.

    A job seen for the first time, or with a new schedule, has nothing missed: its times count
    from now (semantics, rule 16).
    """
    wanted = [(job, schedules_of(job)) for job in configured]
    definitions = [
        Definition(job.name, definition_of(job), signature(schedules)) for job, schedules in wanted
    ]
    with transaction(history):
        rows = jobs.register(history, definitions, at=now)
        for row in rows.values():
            if row.decided_through is None:
                record.decided(history, row.id, through=now)
        successes = jobs.previous_successes(history)
    return [
        _entry(job, schedules, rows[job.name], now=now, success=successes.get(rows[job.name].id))
        for job, schedules in wanted
    ]


def load_job(history: Connection, job: Job, *, now: Instant) -> Entry:
    """Make this one job known to the history, whatever other jobs there are."""
    schedules = schedules_of(job)
    with transaction(history):
        row = jobs.job_of(
            history, Definition(job.name, definition_of(job), signature(schedules)), at=now
        )
        successes = jobs.previous_successes(history)
    return _entry(job, schedules, row, now=now, success=successes.get(row.id))


def _entry(
    job: Job,
    schedules: tuple[Schedule, ...],
    row: JobRow,
    *,
    now: Instant,
    success: Instant | None,
) -> Entry:
    return Entry(
        job,
        row.id,
        row.definition_id,
        schedules,
        now if row.decided_through is None else row.decided_through,
        row.generation,
        success,
    )
