"""Which history this is, and since when: made here, copied from a backup, begun after a loss."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection

_NEVER = 2**62


class Span(NamedTuple):
    """An identity of a history, and the runs that it stands for."""

    id: str
    runs: range


_NEW = """
    INSERT INTO identity (id, first_run, unknown_since)
    VALUES (lower(hex(randomblob(8))), (SELECT coalesce(max(id), 0) + 1 FROM runs), ?)
"""


def first_identity(connection: Connection) -> str:
    """Return the identity that the history began with; it stays when it is restored."""
    return str(connection.execute("SELECT id FROM identity ORDER BY rowid LIMIT 1").fetchone()[0])


def identity_of_run(connection: Connection, run: int) -> str:
    """Return the identity under which a run was made: its logs are kept under it."""
    row = connection.execute(
        "SELECT id FROM identity WHERE first_run <= ? ORDER BY rowid DESC LIMIT 1", (run,)
    ).fetchone()
    return str(row[0])


def spans(connection: Connection) -> list[Span]:
    """Return which runs were made under which identity, the oldest first."""
    rows = connection.execute("SELECT id, first_run FROM identity ORDER BY rowid").fetchall()
    ends = [first for _, first in rows[1:]]
    return [
        Span(id_, range(first, end))
        for (id_, first), end in zip(rows, [*ends, _NEVER], strict=True)
    ]


def mark_as_copy(connection: Connection, *, at: Instant) -> None:
    """Record in a copy that it is one, and from when; `adopt` sees it when it is used."""
    connection.execute(
        "UPDATE identity SET copied_at = ? WHERE rowid = (SELECT max(rowid) FROM identity)", (at,)
    )


def adopt(connection: Connection) -> Instant | None:
    """Make a copy a history of its own, and return from when it is; None for one that is none.

    It gets another identity, so that it never meets the processes and logs of the runs that the
    original made after the copy, whose numbers come again.
    """
    (copied_at,) = connection.execute(
        "SELECT copied_at FROM identity ORDER BY rowid DESC LIMIT 1"
    ).fetchone()
    if copied_at is None:
        return None
    connection.execute(_NEW, (copied_at,))
    return Instant(copied_at)


def begin_after_loss(connection: Connection) -> None:
    """Record in a new history that there was another, of which nothing is known."""
    connection.execute(_NEW, (Instant(0),))


def unknown_since(connection: Connection) -> Instant | None:
    """Return from when on nobody knows what ran; None where everything is known."""
    (since,) = connection.execute(
        "SELECT unknown_since FROM identity ORDER BY rowid DESC LIMIT 1"
    ).fetchone()
    return None if since is None else Instant(since)


def nothing_is_unknown(connection: Connection) -> None:
    """Record that all jobs were told what nobody knows."""
    connection.execute("UPDATE identity SET unknown_since = NULL WHERE unknown_since IS NOT NULL")
