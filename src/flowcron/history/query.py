"""Every read of runs and attempts for people: which runs, newest first, at the cost of few."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from flowcron.domain.instant import Instant
from flowcron.domain.run import OPEN_STATES, State, Trigger
from flowcron.history.database import Connection

EVENTFUL_STATES = (
    State.FAILED,
    State.TIMED_OUT,
    State.SKIPPED,
    State.MISSED,
    State.CANCELLED,
    State.LOST,
)
"""How a run ends that somebody may want to know about."""

_AT_ONCE = 500  # values in one statement


class RunRow(NamedTuple):
    """One run as it is shown. `tries` is how many attempts its job allows.

    `late` is in microseconds; `chain`, `upstream` and `retry_of` are the runs that its chain began
    with, that it followed and that it does again.
    """

    id: int
    job: str
    state: State
    trigger: Trigger
    recorded_at: Instant
    scheduled_at: Instant | None
    started_at: Instant | None
    finished_at: Instant | None
    attempts: int
    exit_code: int | None
    signal: int | None
    reason: str | None
    covers: int | None
    retry_at: Instant | None
    requested_by: str | None
    tries: int
    timeout: int | None
    last_line: str | None
    waits: str | None
    slow_at: Instant | None
    late: int | None
    chain: int | None
    upstream: int | None
    retry_of: int | None

    @property
    def at(self) -> Instant:
        """When the run was due, or asked for."""
        return self.recorded_at if self.scheduled_at is None else self.scheduled_at

    @property
    def duration(self) -> timedelta | None:
        """How long it took, from the first start to the end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return timedelta(microseconds=self.finished_at - self.started_at)


class Wanted(NamedTuple):
    """Which runs are meant; an empty field means all. `limit` None has no limit."""

    jobs: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    since: Instant | None = None
    until: Instant | None = None
    limit: int | None = None


_COLUMNS = """
    SELECT runs.id, jobs.name, runs.state, runs."trigger", runs.recorded_at, runs.scheduled_at,
        runs.started_at, runs.finished_at, runs.attempts, runs.exit_code, runs.signal, runs.reason,
        runs.covers, runs.retry_at, runs.requested_by,
        coalesce(definitions.body ->> '$.retry.times', 0) + 1, definitions.body ->> '$.timeout',
        attempts.last_line, runs.waits, runs.slow_at, runs.late, runs.chain, runs.upstream,
        runs.retry_of
    FROM runs
    JOIN jobs ON jobs.id = runs.job_id
    LEFT JOIN definitions ON definitions.id = runs.definition_id
    LEFT JOIN attempts ON attempts.run_id = runs.id AND attempts.number = runs.attempts
"""
# The words of the partial indexes in the schema, so that SQLite knows that it may use them.
EVENTFUL = "runs.state IN ('failed', 'timed_out', 'skipped', 'missed', 'cancelled', 'lost')"
OPEN = "runs.state IN ('queued', 'running', 'retrying')"
WHEN = "coalesce(runs.scheduled_at, runs.recorded_at)"


def runs(connection: Connection, wanted: Wanted) -> list[RunRow]:
    """Return the runs that are meant, newest first."""
    return runs_numbered(connection, _numbers(connection, wanted))


def runs_numbered(connection: Connection, numbers: Sequence[int]) -> list[RunRow]:
    """Return these runs, newest first."""
    found: list[RunRow] = []
    newest_first = sorted(numbers, reverse=True)
    for start in range(0, len(newest_first), _AT_ONCE):
        some = newest_first[start : start + _AT_ONCE]
        rows = connection.execute(
            f"{_COLUMNS} WHERE runs.id IN ({_marks(some)}) ORDER BY runs.id DESC", some
        )
        found += [_run(row) for row in rows]
    return found


def run_numbered(connection: Connection, number: int) -> RunRow | None:
    """Return one run, or None."""
    found = runs_numbered(connection, (number,))
    return found[0] if found else None


def newest_of(connection: Connection, job: str, count: int) -> list[RunRow]:
    """Return the newest runs of a job, newest first."""
    return runs(connection, Wanted(jobs=(job,), limit=count))


def previous_run(connection: Connection, run: RunRow) -> RunRow | None:
    """Return the run of the same job that was recorded before, or None."""
    row = connection.execute(
        """
        SELECT id FROM runs WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND id < ?
        ORDER BY id DESC LIMIT 1
        """,
        (run.job, run.id),
    ).fetchone()
    return None if row is None else run_numbered(connection, row[0])


def open_runs(connection: Connection) -> list[RunRow]:
    """Return the runs that are not over, oldest first."""
    rows = connection.execute(f"{_COLUMNS} WHERE {OPEN} ORDER BY +runs.id")
    return [_run(row) for row in rows]


def extent(connection: Connection) -> tuple[int, Instant | None]:
    """Return how many runs history has, and when the first of them was recorded."""
    (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    row = connection.execute("SELECT recorded_at FROM runs ORDER BY id LIMIT 1").fetchone()
    return count, None if row is None else row[0]


def _numbers(connection: Connection, wanted: Wanted) -> list[int]:
    """Return the ids of the runs that are meant; of several jobs, each through its own index."""
    where, values = _conditions(wanted)
    limit = -1 if wanted.limit is None else wanted.limit
    if not wanted.jobs:
        few = wanted.states and all(state in OPEN_STATES for state in wanted.states)
        order = "+id" if few else "id"  # a few open runs are sorted faster than all are walked
        rows = connection.execute(
            f"SELECT id FROM runs WHERE {where} ORDER BY {order} DESC LIMIT ?", (*values, limit)
        )
        return [number for (number,) in rows]
    found: list[int] = []
    for job in wanted.jobs:
        rows = connection.execute(
            f"""
            SELECT id FROM runs
            WHERE job_id = (SELECT id FROM jobs WHERE name = ?) AND {where}
            ORDER BY id DESC LIMIT ?
            """,
            (job, *values, limit),
        )
        found += [number for (number,) in rows]
    return sorted(found, reverse=True)[: wanted.limit]


def _conditions(wanted: Wanted) -> tuple[str, list[Any]]:
    """Return the WHERE text and its values; a `+` keeps SQLite from an index of no help."""
    parts: list[str] = ["1"]
    values: list[Any] = []
    if wanted.states:
        eventful = all(state in EVENTFUL_STATES for state in wanted.states)
        unfinished = all(state in OPEN_STATES for state in wanted.states)
        parts += [EVENTFUL] if eventful else [OPEN] if unfinished else []
        parts.append(f"+runs.state IN ({_marks(wanted.states)})")
        values += wanted.states
    if wanted.triggers:
        parts.append(f'runs."trigger" IN ({_marks(wanted.triggers)})')
        values += wanted.triggers
    if wanted.since is not None:
        parts.append(f"runs.id >= (SELECT min(+id) FROM runs WHERE {WHEN} >= ?) AND +{WHEN} >= ?")
        values += [wanted.since, wanted.since]
    if wanted.until is not None:
        parts.append(f"+{WHEN} < ?")
        values.append(wanted.until)
    return " AND ".join(parts), values


def _run(row: Sequence[Any]) -> RunRow:
    number, job, state, trigger, *rest = row
    return RunRow(number, job, State(state), Trigger(trigger), *rest)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
