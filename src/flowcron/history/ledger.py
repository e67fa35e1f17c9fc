"""What history knows about one scheduled time of a job: its run, its definition, who was there."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.domain.run import Trigger
from flowcron.history.database import Connection
from flowcron.history.query import RunRow, run_numbered, runs_numbered
from flowcron.history.schedulers import SchedulerRecord

CLOCK_STEP = "clock-step"
"""The kind of the event that the wall clock was set."""

_SUMMARY = "stands for "  # how the reason of a row for very many missed times begins
_ENOUGH = 50  # rows before a moment, among which is the last that was written before it


class Known(NamedTuple):
    """What a job was from `seen_at` on; `body` is read by domain/snapshot.py."""

    body: str
    seen_at: Instant


class Event(NamedTuple):
    """Something that happened to the scheduler or its clock."""

    at: Instant
    text: str


def runs_at(connection: Connection, job: str, at: Instant) -> list[RunRow]:
    """Return the runs of one scheduled time, newest first; several where the clock was set back."""
    rows = connection.execute(
        """
        SELECT id FROM runs
        WHERE scheduled_at = ? AND job_id = (SELECT id FROM jobs WHERE name = ?)
        """,
        (at, job),
    )
    return runs_numbered(connection, [number for (number,) in rows])


def events_since(connection: Connection, kind: str, since: Instant) -> list[Event]:
    """Return the events of one kind from an instant on, oldest first."""
    rows = connection.execute(
        "SELECT at, text FROM events WHERE kind = ? AND at >= ? ORDER BY id", (kind, since)
    )
    return [Event(*row) for row in rows]


def newest_scheduled(connection: Connection, job: str) -> RunRow | None:
    """Return the newest run of a scheduled time of a job, or None."""
    row = connection.execute(
        """
        SELECT id FROM runs
        WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND +scheduled_at IS NOT NULL
        ORDER BY id DESC LIMIT 1
        """,
        (job,),
    ).fetchone()
    return _numbered(connection, row)


def summary_after(connection: Connection, job: str, at: Instant) -> RunRow | None:
    """Return the row that stands for very many missed times, when a time is one of them."""
    row = connection.execute(
        """
        SELECT id FROM runs
        WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND +scheduled_at > ?
        ORDER BY id LIMIT 1
        """,
        (job, at),
    ).fetchone()
    run = _numbered(connection, row)
    return run if run is not None and (run.reason or "").startswith(_SUMMARY) else None


def run_in_place_of(connection: Connection, missed: RunRow) -> RunRow | None:
    """Return the later time that was made up when this one was found to be missed, or None."""
    row = connection.execute(
        """
        SELECT id FROM runs
        WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND id > ?
        AND recorded_at = ? AND "trigger" = ? ORDER BY id LIMIT 1
        """,
        (missed.job, missed.id, missed.recorded_at, Trigger.CATCH_UP),
    ).fetchone()
    return _numbered(connection, row)


def times_decided_with(connection: Connection, run: RunRow) -> int:
    """Return how many late times of the job were decided about together with this one."""
    (count,) = connection.execute(
        """
        SELECT count(*) FROM runs
        WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND recorded_at = ?
        AND ("trigger" = ? OR state = 'missed')
        """,
        (run.job, run.recorded_at, Trigger.CATCH_UP),
    ).fetchone()
    return int(count)


def definition_at(connection: Connection, job: str, at: Instant) -> Known | None:
    """Return what a job was at an instant, or None when nobody had seen it yet."""
    row = connection.execute(
        """
        SELECT body, seen_at FROM definitions
        WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND seen_at <= ?
        ORDER BY id DESC LIMIT 1
        """,
        (job, at),
    ).fetchone()
    return None if row is None else Known(*row)


def first_seen(connection: Connection, job: str) -> Instant | None:
    """Return when a scheduler saw a job for the first time, or None."""
    (at,) = connection.execute(
        "SELECT min(seen_at) FROM definitions WHERE job_id = (SELECT id FROM jobs WHERE name = ?)",
        (job,),
    ).fetchone()
    return None if at is None else Instant(at)


def decided_through(connection: Connection, job: str) -> Instant | None:
    """Return up to where every time of a job has its run, or None before its first."""
    row = connection.execute("SELECT decided_through FROM jobs WHERE name = ?", (job,)).fetchone()
    return None if row is None else row[0]


def schedulers_between(
    connection: Connection, since: Instant, until: Instant
) -> list[SchedulerRecord]:
    """Return the scheduler that started last before a span of time, and those that did in it."""
    rows = connection.execute(
        """
        SELECT id, pid, boot, host, version, config, config_digest, loaded_at, started_at,
               stopped_at, stop_reason
        FROM schedulers WHERE started_at <= ?
        AND id >= coalesce((SELECT max(id) FROM schedulers WHERE started_at <= ?), 0)
        ORDER BY id
        """,
        (until, since),
    )
    return [SchedulerRecord(*row) for row in rows]


def last_sign(connection: Connection, before: Instant) -> Instant | None:
    """Return when anything was recorded for the last time before an instant."""
    (at,) = connection.execute(
        """
        SELECT max(recorded_at) FROM (
            SELECT recorded_at FROM runs
            WHERE coalesce(scheduled_at, recorded_at) < ? AND recorded_at < ?
            ORDER BY coalesce(scheduled_at, recorded_at) DESC LIMIT ?)
        """,
        (before, before, _ENOUGH),
    ).fetchone()
    return None if at is None else Instant(at)


def events_between(connection: Connection, since: Instant, until: Instant) -> list[Event]:
    """Return what happened in a span of time, oldest first."""
    rows = connection.execute(
        "SELECT at, text FROM events WHERE at >= ? AND at <= ? ORDER BY id", (since, until)
    )
    return [Event(*row) for row in rows]


def _numbered(connection: Connection, row: tuple[int] | None) -> RunRow | None:
    return None if row is None else run_numbered(connection, row[0])
