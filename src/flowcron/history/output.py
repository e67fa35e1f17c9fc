"""The outputs that are kept in the history file itself; longer ones are in files beside it."""

from __future__ import annotations

from flowcron.history.database import Connection


def kept_output(connection: Connection, run: int, number: int) -> tuple[bytes, bytes] | None:
    """Return what an attempt wrote and its index, or None when history does not have it."""
    row = connection.execute(
        "SELECT bytes, pieces FROM output WHERE run_id = ? AND number = ?", (run, number)
    ).fetchone()
    return None if row is None else (row[0], row[1])
