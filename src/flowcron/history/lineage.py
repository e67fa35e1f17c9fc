"""Which runs came of a run: those that followed it in its chain, and those that did it again."""

from __future__ import annotations

from flowcron.history.database import Connection
from flowcron.history.query import RunRow, runs_numbered


def followers(connection: Connection, run: RunRow) -> list[RunRow]:
    """Return the runs that followed a run, oldest first."""
    rows = connection.execute(
        "SELECT id FROM runs WHERE chain = ? AND upstream = ?", (run.chain or run.id, run.id)
    ).fetchall()
    return runs_numbered(connection, [number for (number,) in rows])[::-1]


def retries_of(connection: Connection, run: RunRow) -> list[RunRow]:
    """Return the runs that did a run again, oldest first."""
    rows = connection.execute("SELECT id FROM runs WHERE retry_of = ?", (run.id,)).fetchall()
    return runs_numbered(connection, [number for (number,) in rows])[::-1]
