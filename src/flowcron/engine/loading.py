"""From the configuration's jobs to the engine's entries, registered in history."""

from __future__ import annotations

from collections.abc import Iterable

from flowcron.domain.instant import Instant, micros
from flowcron.domain.jitter import Delayed, delay_of
from flowcron.domain.job import Job
from flowcron.domain.schedule import Schedule
from flowcron.domain.snapshot import definition_of
from flowcron.engine.book import Entry
from flowcron.engine.schedules import is_at, rest_of, schedules_of, signature
from flowcron.history import jobs, record
from flowcron.history.database import Connection, transaction
from flowcron.history.jobs import Definition, JobRow
from flowcron.history.origin import first_identity


def load_jobs(history: Connection, configured: Iterable[Job], *, now: Instant) -> list[Entry]:
    """Make these the current jobs of the history.

    A job seen for the first time, or with a new schedule, has nothing missed: its times count
    from now (semantics, rule 16).
    """
    wanted = [(job, schedules_of(job)) for job in configured]
    definitions = [
        Definition(job.name, definition_of(job), signature(job)) for job, schedules in wanted
    ]
    with transaction(history):
        rows = jobs.register(history, definitions, at=now)
        for job, _ in wanted:
            if rows[job.name].decided_through is None:
                through = _first_cursor(job, now)
                record.decided(history, rows[job.name].id, through=through)
        successes = jobs.previous_successes(history)
    return [
        _entry(
            history,
            job,
            schedules,
            rows[job.name],
            now=now,
            success=successes.get(rows[job.name].id),
        )
        for job, schedules in wanted
    ]


def load_job(history: Connection, job: Job, *, now: Instant) -> Entry:
    """Make this one job known to the history, whatever other jobs there are."""
    schedules = schedules_of(job)
    with transaction(history):
        row = jobs.job_of(history, Definition(job.name, definition_of(job), signature(job)), at=now)
        successes = jobs.previous_successes(history)
    return _entry(history, job, schedules, row, now=now, success=successes.get(row.id))


def _entry(
    history: Connection,
    job: Job,
    schedules: tuple[Schedule, ...],
    row: JobRow,
    *,
    now: Instant,
    success: Instant | None,
) -> Entry:
    delay = delay_of(job.name, job.jitter, seed=first_identity(history)) if job.jitter else 0
    entry = Entry(
        job,
        row.id,
        row.definition_id,
        schedules,
        _first_cursor(job, now) if row.decided_through is None else row.decided_through,
        row.generation,
        success,
        delay=delay,
        alarms=tuple(Delayed(one, delay) for one in schedules) if delay else schedules,
        boot=row.boot,
    )
    if (rest := rest_of(job)) is not None:
        entry.rest = micros(rest.period)
        since = jobs.resting_since(history, row.id)
        if since is not None:
            entry.rests_until = Instant((since or entry.cursor or now) + entry.rest)
    return entry


def _first_cursor(job: Job, now: Instant) -> Instant:
    """Return from when on the times of a new job count; those that are written out all do."""
    return Instant(0) if is_at(job) else now
