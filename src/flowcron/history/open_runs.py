"""The runs that are not over, with everything that recovery reasons about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from flowcron.domain.instant import Instant
from flowcron.domain.run import State
from flowcron.history.database import Connection
from flowcron.history.record import OPEN


@dataclass(frozen=True, slots=True)
class OpenRun:
    """One run that is not over, and its newest attempt; `number` is 0 when there is none."""

    run: int
    job: str
    job_id: int
    body: str
    scheduled_at: Instant | None
    state: State
    started_at: Instant | None
    retry_at: Instant | None
    owner: tuple[int, int | None, int | None] | None
    owner_boot: str | None
    retries: bool
    due_at: Instant | None
    chain: int | None
    is_slow: bool
    cancelled_by: str
    waits: bool
    number: int
    attempt_is_open: bool
    attempt_started_at: Instant | None
    supervisor_id: int | None
    boot: str | None
    token: str | None
    pid: int | None
    pid_started: int | None
    pid_inode: int | None


def open_runs(connection: Connection) -> list[OpenRun]:
    """Return every run that is not over, oldest first."""
    rows = connection.execute(
        f"""
        SELECT runs.id, jobs.name, runs.job_id, definitions.body, runs.scheduled_at, runs.state,
               runs.started_at, runs.retry_at, runs.owner, runs.retries,
               coalesce(runs.scheduled_at, first.scheduled_at), runs.chain,
               runs.slow_at IS NOT NULL, coalesce(runs.cancelled_by, ''),
               runs.state = 'queued' AND runs.waits IS NOT NULL,
               coalesce(attempts.number, 0),
               attempts.state IN ('queued', 'running'), attempts.started_at,
               attempts.supervisor_id, supervisors.boot, attempts.token, attempts.pid,
               attempts.pid_started, attempts.pid_inode
        FROM runs
        JOIN jobs ON jobs.id = runs.job_id
        JOIN definitions ON definitions.id = runs.definition_id
        LEFT JOIN runs AS first ON first.id = runs.chain
        LEFT JOIN attempts ON attempts.run_id = runs.id AND attempts.number = (
            SELECT max(number) FROM attempts WHERE run_id = runs.id)
        LEFT JOIN supervisors ON supervisors.id = attempts.supervisor_id
        WHERE runs.state IN ({OPEN}) ORDER BY runs.id
        """  # noqa: S608 constants
    )
    return [_open_run(row) for row in rows]


def _open_run(row: tuple[Any, ...]) -> OpenRun:
    run, job, job_id, body, scheduled_at, state, started_at, retry_at, owner, *more = row
    retries, due_at, chain, is_slow, cancelled_by, waits, number, is_open, *rest = more
    identity = None if owner is None else _owner(owner)
    return OpenRun(
        run,
        job,
        job_id,
        body,
        scheduled_at,
        State(state),
        started_at,
        retry_at,
        identity and identity.process,
        identity and identity.boot,
        bool(retries),
        due_at,
        chain,
        bool(is_slow),
        cancelled_by,
        bool(waits),
        number,
        bool(is_open),
        *rest,
    )


class Owner(NamedTuple):
    """The process of the command that runs something in the foreground, and its boot."""

    process: tuple[int, int | None, int | None]
    boot: str


def owner_of(connection: Connection, run: int) -> Owner | None:
    """Return whose command runs a run in the foreground, or None when a scheduler does."""
    row = connection.execute("SELECT owner FROM runs WHERE id = ?", (run,)).fetchone()
    return None if row is None or row[0] is None else _owner(row[0])


def _owner(text: str) -> Owner:
    identity = json.loads(text)
    return Owner((identity["pid"], identity["started"], identity["inode"]), identity["boot"])
