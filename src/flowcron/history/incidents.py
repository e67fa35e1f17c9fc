"""Incidents, and what is written into the outbox; the caller holds the transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from flowcron.domain.alerting import Event, Heard, Incident
from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


class NewAlert(NamedTuple):
    """Something that a channel is to be told."""

    channel: str
    event: Event
    text: str
    due_at: Instant = Instant(0)
    job_id: int | None = None
    run_id: int | None = None
    incident_id: int | None = None
    details: Mapping[str, Any] = {}


class Failure(NamedTuple):
    """A run that failed, as an incident counts it."""

    job_id: int
    run: int
    last_success_at: Instant | None


class Told(NamedTuple):
    """What a channel was told of a job that is still broken; `text` is how its last run failed."""

    incident: Incident
    heard: Heard
    channel: str
    job: str
    job_id: int
    last_run: int
    last_success_at: Instant | None
    text: str


def count_failure(connection: Connection, failure: Failure, *, at: Instant) -> Incident:
    """Open an incident of a job, or count one more failure in the one that is open."""
    row = connection.execute(
        """
        INSERT INTO incidents (job_id, opened_at, failures, first_run, last_run, last_success_at)
        VALUES (?, ?, 1, ?, ?, ?)
        ON CONFLICT (job_id) WHERE closed_at IS NULL DO UPDATE SET
            failures = failures + 1, last_run = excluded.last_run
        RETURNING id, opened_at, failures, acknowledged_at IS NOT NULL
        """,
        (failure.job_id, at, failure.run, failure.run, failure.last_success_at),
    ).fetchone()
    number, opened_at, failures, acknowledged = row
    return Incident(number, opened_at, failures, bool(acknowledged))


def close_incident(connection: Connection, job_id: int, *, at: Instant) -> Incident | None:
    """Record that a job works again; return the incident that is over, or None without one."""
    row = connection.execute(
        """
        UPDATE incidents SET closed_at = ? WHERE job_id = ? AND closed_at IS NULL
        RETURNING id, opened_at, failures
        """,
        (at, job_id),
    ).fetchone()
    return None if row is None else Incident(*row)


def acknowledge(connection: Connection, job_id: int, *, by: str, at: Instant) -> bool:
    """Send no reminders of a job until it recovers; return whether it was broken."""
    cursor = connection.execute(
        """
        UPDATE incidents SET acknowledged_at = ?, acknowledged_by = ?
        WHERE job_id = ? AND closed_at IS NULL
        """,
        (at, by, job_id),
    )
    return cursor.rowcount == 1


def heard_of(connection: Connection, incident: int) -> dict[str, Heard]:
    """Return which channels were told of an incident."""
    rows = connection.execute(
        "SELECT channel, last_at, times FROM heard WHERE incident_id = ?", (incident,)
    )
    return {channel: Heard(last, times) for channel, last, times in rows}


def told_of_open(connection: Connection) -> list[Told]:
    """Return which channels were told of what is still broken."""
    rows = connection.execute(
        """
        SELECT incidents.id, opened_at, failures, acknowledged_at IS NOT NULL, last_at, times,
            channel, jobs.name, incidents.job_id, last_run, last_success_at,
            coalesce(runs.reason, runs.state, 'failed')
        FROM incidents
        JOIN heard ON heard.incident_id = incidents.id
        JOIN jobs ON jobs.id = incidents.job_id
        LEFT JOIN runs ON runs.id = last_run
        WHERE closed_at IS NULL
        """
    )
    return [
        Told(Incident(number, opened, failures, bool(known)), Heard(last, times), *rest)
        for number, opened, failures, known, last, times, *rest in rows
    ]


def hears(connection: Connection, incident: int, channel: str, *, at: Instant) -> None:
    """Record that a channel is told of an incident."""
    connection.execute(
        """
        INSERT INTO heard (incident_id, channel, last_at) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET last_at = excluded.last_at, times = times + 1
        """,
        (incident, channel, at),
    )


def put(connection: Connection, alert: NewAlert, *, at: Instant) -> int:
    """Put something into the outbox and return its id."""
    (number,) = connection.execute(
        """
        INSERT INTO outbox (channel, event, text, due_at, job_id, run_id, incident_id, details,
                            created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """,
        (*alert[:-1], json.dumps(alert.details), at),
    ).fetchone()
    return int(number)


def mutes(connection: Connection) -> dict[str, Instant | None]:
    """Return the jobs and tags ("tag:db") that nobody is to hear of, and until when."""
    return dict(connection.execute("SELECT target, until FROM mutes").fetchall())


def deliveries_moved(connection: Connection, step: int) -> None:
    """Keep the length of what waits in the outbox when the clock was set, by so many µs."""
    connection.execute(
        """
        UPDATE outbox SET due_at = due_at + ?, leased_until = leased_until + ?
        WHERE state = 'waiting'
        """,
        (step, step),
    )
