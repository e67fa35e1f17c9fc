"""The jobs that history knows: their current definition and how far their times are decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection
from flowcron.history.record import OPEN


class JobRow(NamedTuple):
    """One job; `definition_id` is 0 while no configuration has it."""

    id: int
    name: str
    definition_id: int
    body: str
    schedule: str
    decided_through: Instant | None
    generation: int
    boot: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """What a job is now: its name, its JSON and what identifies its schedule."""

    name: str
    body: str
    schedule: str


def register(
    connection: Connection, definitions: Iterable[Definition], *, at: Instant
) -> dict[str, JobRow]:
    """Make exactly these the current jobs, in this order, and return them by name.

    A job with another schedule than before has nothing decided: its earlier times are no longer
    its times (semantics, rule 16).
    """
    known = {row.name: row for row in _all_jobs(connection)}
    current: dict[str, JobRow] = {}
    for position, definition in enumerate(definitions):
        row = known.get(definition.name) or _new_job(connection, definition.name)
        row = _updated(connection, row, definition, at=at)
        connection.execute(
            "UPDATE jobs SET position = ? WHERE id = ? AND position <> ?",
            (position, row.id, position),
        )
        current[definition.name] = row
    gone = [(row.id,) for name, row in known.items() if name not in current and row.definition_id]
    connection.executemany("UPDATE jobs SET definition_id = NULL WHERE id = ?", gone)
    return current


def job_of(connection: Connection, definition: Definition, *, at: Instant) -> JobRow:
    """Return the job's row with this definition current; all other jobs stay as they are."""
    row = _job_named(connection, definition.name) or _new_job(connection, definition.name)
    return _updated(connection, row, definition, at=at)


def previous_successes(connection: Connection) -> dict[int, Instant]:
    """Return, by job id, when the last successful run of each job started."""
    rows = connection.execute(
        """
        SELECT id, (SELECT started_at FROM runs WHERE job_id = jobs.id AND state = 'success'
                    ORDER BY id DESC LIMIT 1)
        FROM jobs WHERE definition_id IS NOT NULL
        """
    )
    return {job: started for job, started in rows if started is not None}


def resting_since(connection: Connection, job_id: int) -> Instant | None:
    """Return when the last run of a job ended: 0 before its first, None while one is not over."""
    row = connection.execute(
        f"""
        SELECT state IN ({OPEN}), coalesce(finished_at, recorded_at) FROM runs
        WHERE job_id = ? ORDER BY id DESC LIMIT 1
        """,  # noqa: S608 constants
        (job_id,),
    ).fetchone()
    if row is None:
        return Instant(0)
    return None if row[0] else Instant(row[1])


_COLUMNS = """
    SELECT jobs.id, name, coalesce(definition_id, 0), coalesce(body, ''), schedule,
           decided_through, generation, boot
    FROM jobs LEFT JOIN definitions ON definitions.id = definition_id
"""


def _all_jobs(connection: Connection) -> list[JobRow]:
    return [JobRow(*row) for row in connection.execute(_COLUMNS)]


def _job_named(connection: Connection, name: str) -> JobRow | None:
    row = connection.execute(_COLUMNS + "WHERE name = ?", (name,)).fetchone()
    return None if row is None else JobRow(*row)


def _new_job(connection: Connection, name: str) -> JobRow:
    (job,) = connection.execute(
        "INSERT INTO jobs (name) VALUES (?) RETURNING id", (name,)
    ).fetchone()
    return JobRow(job, name, 0, "", "", None, 0)


def _updated(connection: Connection, row: JobRow, definition: Definition, *, at: Instant) -> JobRow:
    definition_id, cursor = row.definition_id, row.decided_through
    if not definition_id or row.body != definition.body:
        (definition_id,) = connection.execute(
            "INSERT INTO definitions (job_id, body, seen_at) VALUES (?, ?, ?) RETURNING id",
            (row.id, definition.body, at),
        ).fetchone()
    if row.schedule != definition.schedule:
        cursor = None
    if (definition_id, definition.schedule, cursor) != (
        row.definition_id,
        row.schedule,
        row.decided_through,
    ):
        connection.execute(
            "UPDATE jobs SET definition_id = ?, schedule = ?, decided_through = ? WHERE id = ?",
            (definition_id, definition.schedule, cursor, row.id),
        )
    return row._replace(
        definition_id=definition_id,
        body=definition.body,
        schedule=definition.schedule,
        decided_through=cursor,
    )
