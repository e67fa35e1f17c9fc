"""What people ask of a scheduler: durable, applied once, answered in the same row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `kind` is a word of the schema, and a ping wants nothing but an answer.

    `scheduler` is the epoch it is addressed to.
    """

    id: int
    kind: str
    scheduler: int | None
    arguments: dict[str, Any]
    requested_by: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: a result, or an error with the exit code for who asked."""

    result: dict[str, Any]
    error: str | None = None
    exit_code: int | None = None


def ask(
    connection: Connection,
    kind: str,
    arguments: dict[str, Any],
    *,
    scheduler: int | None,
    requested_by: str,
    at: Instant,
) -> int:
    """Insert a request and return its id."""
    (request,) = connection.execute(
        """
        INSERT INTO requests (kind, scheduler_id, arguments, requested_by, requested_at)
        VALUES (?, ?, ?, ?, ?) RETURNING id
        """,
        (kind, scheduler, json.dumps(arguments), requested_by, at),
    ).fetchone()
    return int(request)


def waiting(connection: Connection) -> list[Request]:
    """Return the requests nobody has applied, oldest first."""
    rows = connection.execute(
        """
        SELECT id, kind, scheduler_id, arguments, requested_by FROM requests
        WHERE applied_at IS NULL ORDER BY id
        """
    )
    return [
        Request(id_, kind, scheduler, json.loads(arguments), requested_by)
        for id_, kind, scheduler, arguments, requested_by in rows
    ]


def are_waiting(connection: Connection) -> bool:
    """Return whether there is a request that nobody has applied."""
    row = connection.execute("SELECT 1 FROM requests WHERE applied_at IS NULL LIMIT 1").fetchone()
    return row is not None


def answer(connection: Connection, request: int, given: Answer, *, at: Instant) -> None:
    """Mark a request as applied, with what came of it."""
    connection.execute(
        "UPDATE requests SET applied_at = ?, error = ?, exit_code = ?, result = ? WHERE id = ?",
        (at, given.error, given.exit_code, json.dumps(given.result), request),
    )


def answer_to(connection: Connection, request: int) -> Answer | None:
    """Return the answer to a request, or None while there is none."""
    row = connection.execute(
        "SELECT result, error, exit_code FROM requests WHERE id = ? AND applied_at IS NOT NULL",
        (request,),
    ).fetchone()
    return None if row is None else Answer(json.loads(row[0]), row[1], row[2])


def withdraw(connection: Connection, request: int, *, at: Instant) -> bool:
    """Take a request back; return False when it was applied already."""
    cursor = connection.execute(
        """
        UPDATE requests SET applied_at = ?, error = 'withdrawn', result = '{}'
        WHERE id = ? AND applied_at IS NULL
        """,
        (at, request),
    )
    return cursor.rowcount == 1
