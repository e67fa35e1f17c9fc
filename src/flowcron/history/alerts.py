"""Alerts as people see them: what was sent, what waits, and which incidents are open.

All is read through indexes, so that a long history makes nothing slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flowcron.domain.alerting import Event
from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


class OutboxRow(NamedTuple):
    """Something that a channel is or was told; `job` is None for what the scheduler says."""

    id: int
    channel: str
    target: str | None
    via: str | None
    event: Event
    job: str | None
    run: int | None
    text: str
    state: str
    tries: int
    error: str | None
    created_at: Instant
    due_at: Instant
    sent_at: Instant | None

    @property
    def way(self) -> str:
        """Return what people know it by: "ops/slack"."""
        return way_of(self.channel, self.via or self.target)


class Stuck(NamedTuple):
    """What waits for a channel, or could never be told it; `error` is that of the last try."""

    way: str
    state: str
    messages: int
    tries: int
    error: str | None
    due_at: Instant


class OpenIncident(NamedTuple):
    """A job that is broken; `told` says when each way was told last, `waiting` who is not yet."""

    id: int
    job: str
    job_id: int
    opened_at: Instant
    failures: int
    acknowledged_by: str | None
    told: tuple[tuple[str, Instant], ...] = ()
    waiting: tuple[str, ...] = ()


class Streak(NamedTuple):
    """How many runs in a row had failed, and from when until when; `until` None: still."""

    failures: int
    since: Instant
    until: Instant | None


_ROWS = """
    SELECT outbox.id, channel, target, via, event, jobs.name, run_id, text, state, tries, error,
        created_at, due_at, sent_at
    FROM outbox LEFT JOIN jobs ON jobs.id = outbox.job_id
"""
_INCIDENTS = """
    SELECT incidents.id, jobs.name, job_id, opened_at, failures, acknowledged_by
    FROM incidents JOIN jobs ON jobs.id = job_id WHERE closed_at IS NULL
"""
# The words of the partial indexes in the schema, so that SQLite knows that it may use them.
_IN_STATE = {state: f"outbox.state = '{state}'" for state in ("waiting", "sent", "dead")}


def way_of(channel: str, name: str | None) -> str:
    """Return "ops/slack", or the channel alone while nobody has looked where it goes."""
    return channel if name is None else f"{channel}/{name}"


def outbox(connection: Connection, *, state: str | None, limit: int) -> list[OutboxRow]:
    """Return the newest of the outbox, newest first, in one state or all; limit -1 is all of it."""
    chosen = _IN_STATE.get(state or "", "1")
    order = "+outbox.id" if state == "waiting" else "outbox.id"  # few wait: found, then sorted
    rows = connection.execute(f"{_ROWS} WHERE {chosen} ORDER BY {order} DESC LIMIT ?", (limit,))
    return [_row(row) for row in rows]


def outbox_row(connection: Connection, number: int) -> OutboxRow | None:
    """Return one row of the outbox, or None."""
    row = connection.execute(f"{_ROWS} WHERE outbox.id = ?", (number,)).fetchone()
    return None if row is None else _row(row)


def alerts_of_run(connection: Connection, run: int) -> list[OutboxRow]:
    """Return what was to be told of a run, oldest first."""
    rows = connection.execute(f"{_ROWS} WHERE run_id = ? ORDER BY outbox.id", (run,))
    return [_row(row) for row in rows]


def sent_since(connection: Connection, at: Instant) -> int:
    """Return how many messages were sent; what went together is one."""
    (count,) = connection.execute(
        """
        SELECT count(DISTINCT coalesce(message, id)) FROM outbox
        WHERE state = 'sent' AND sent_at >= ?
        """,
        (at,),
    ).fetchone()
    return int(count)


def stuck(connection: Connection) -> list[Stuck]:
    """Return what has not been sent, by its way: what waits first, then what never could be."""
    rows = connection.execute(
        """
        SELECT channel, coalesce(via, target), state, count(*), max(tries), error, due_at
        FROM outbox WHERE state = 'waiting' GROUP BY 1, 2
        UNION ALL
        SELECT channel, coalesce(via, target), state, count(*), max(tries), error, due_at
        FROM outbox WHERE state = 'dead' GROUP BY 1, 2
        """
    )
    return [Stuck(way_of(channel, name), *rest) for channel, name, *rest in rows]


def open_incidents(connection: Connection) -> dict[str, OpenIncident]:
    """Return the incidents of jobs that are broken, by the job's name."""
    rows = connection.execute(_INCIDENTS).fetchall()
    return {row[1]: _with_told(connection, OpenIncident(*row)) for row in rows}


def open_incident(connection: Connection, job: str) -> OpenIncident | None:
    """Return the incident of a job that is broken, or None."""
    row = connection.execute(f"{_INCIDENTS} AND jobs.name = ?", (job,)).fetchone()
    return None if row is None else _with_told(connection, OpenIncident(*row))


def streak_of_run(connection: Connection, run: int) -> Streak | None:
    """Return the failures in a row that a run is one of, or None when it is in no incident."""
    row = connection.execute(
        """
        SELECT last_run, failures, opened_at, closed_at FROM incidents
        WHERE job_id = (SELECT job_id FROM runs WHERE id = ?) AND first_run <= ?
        ORDER BY id DESC LIMIT 1
        """,
        (run, run),
    ).fetchone()
    return None if row is None or row[0] < run else Streak(*row[1:])


def _row(row: Sequence[Any]) -> OutboxRow:
    number, channel, target, via, event, *rest = row
    return OutboxRow(number, channel, target, via, Event(event), *rest)


def _with_told(connection: Connection, incident: OpenIncident) -> OpenIncident:
    rows = connection.execute(
        """
        SELECT channel, coalesce(via, target), max(sent_at) FROM outbox
        WHERE incident_id = ? AND event = 'failure' GROUP BY 1, 2 ORDER BY 1, 2
        """,
        (incident.id,),
    ).fetchall()
    return incident._replace(
        told=tuple((way_of(channel, name), at) for channel, name, at in rows if at is not None),
        waiting=tuple(way_of(channel, name) for channel, name, at in rows if at is None),
    )
