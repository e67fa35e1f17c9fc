"""From a row of the outbox to all that is worth telling: what history knows about it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flowcron.alerts.facts import Facts
from flowcron.alerts.last_lines import READ, last_lines
from flowcron.domain.delivery import is_delayed
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.run import log_name
from flowcron.domain.snapshot import job_from
from flowcron.domain.text import visible_in_line
from flowcron.domain.upcoming import next_time
from flowcron.history.attempts import attempts_of
from flowcron.history.database import Connection, identity
from flowcron.history.known import definition_of_run, last_definition
from flowcron.history.output import kept_output
from flowcron.history.query import RunRow, run_numbered
from flowcron.history.told import AlertRow
from flowcron.history.usual import usuals
from flowcron.supervisor.output_tail import tail_of


def facts_of(
    connection: Connection, state: Path, alert: AlertRow, *, now: Instant, output: bool = True
) -> Facts:
    """Return what is known about an alert; a run that is deleted by now leaves it its text.

    `state` is the state directory; without `output` nothing that the job wrote is read.
    """
    run = None if alert.run_id is None else run_numbered(connection, alert.run_id)
    job = _job(connection, alert.job, run)
    return Facts(
        alert.id,
        alert.event,
        alert.text,
        alert.created_at,
        alert.details,
        job=alert.job or "",
        definition=job,
        run=run,
        incident=alert.incident_id,
        usual=_usual(connection, alert.job),
        next_at=None if job is None else next_time(job, now, ended=run and run.finished_at),
        last_line=_last_line(connection, run) if output else None,
        tail=_tail(connection, state, run) if output and run else "",
        delayed=is_delayed(alert.created_at, now=now),
        tries=alert.tries,
    )


def output_of(connection: Connection, state: Path, run: int, *, attempt: int, most: int) -> bytes:
    """Return the end of what an attempt wrote, at most so many bytes."""
    kept = kept_output(connection, run, attempt)
    if kept is not None:
        return kept[0][-most:]
    base = state / log_name(run, attempt, history=identity(connection))
    return tail_of(str(base), most=most)


def _job(connection: Connection, name: str | None, run: RunRow | None) -> Job | None:
    """Return what the job was when the run was made, or is now where there is no run."""
    if name is None:
        return None
    body = definition_of_run(connection, run.id) if run else last_definition(connection, name)
    return None if body is None else job_from(name, body)


def _tail(connection: Connection, state: Path, run: RunRow) -> str:
    return last_lines(output_of(connection, state, run.id, attempt=run.attempts, most=READ))


def _usual(connection: Connection, job: str | None) -> timedelta | None:
    known = usuals(connection, () if job is None else (job,))
    return known[job].median if job in known else None


def _last_line(connection: Connection, run: RunRow | None) -> str | None:
    if run is None:
        return None
    attempts = attempts_of(connection, run.id)
    line = attempts[-1].last_line if attempts else None
    return None if line is None else visible_in_line(line.strip())
