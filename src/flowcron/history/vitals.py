"""How a history file is: whole, how large, how much of it is free."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from flowcron.history.copies import companions
from flowcron.history.database import Connection


class Vitals(NamedTuple):
    """Sizes are in bytes; `damage` is None for a file that is whole."""

    damage: str | None
    journal: str
    size: int
    wal: int
    free: int
    runs: int


def vitals_of(connection: Connection, path: Path) -> Vitals:
    """Return how a history is; SQLite's quick check reads all of it, 1 s for a million runs."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (runs,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    return Vitals(
        None if found == "ok" else str(found).replace("\n", " · "),
        journal,
        _size(path),
        _size(companions(path)[0]),
        free * page,
        runs,
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
