"""Ways in which a history file is damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

PAGE = 4096


def garbage(history: Path) -> None:
    history.write_bytes(b"this is no database\n" * 5000)


def empty(history: Path) -> None:
    history.write_bytes(b"")


def half(history: Path) -> None:
    """Cut the file off in the middle, with all that is in the log of SQLite gone."""
    _without_companions(history)
    with history.open("r+b") as file:
        file.truncate(history.stat().st_size // 2 // PAGE * PAGE + 100)


def inner_page(history: Path) -> None:
    """Overwrite the pages of an index that an INSERT into another table does not touch."""
    with closing(sqlite3.connect(history)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'runs_when'"
        ).fetchone()
    _without_companions(history)
    with history.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xa5" * PAGE)


def first_page(history: Path) -> None:
    """Overwrite the list of tables; the page may be whole in SQLite's log, so that goes too."""
    _without_companions(history)
    with history.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (PAGE - 100))


def deleted(history: Path) -> None:
    history.unlink()
    _without_companions(history)


def only_the_main_file_deleted(history: Path) -> None:
    history.unlink()


def emptied_by_its_tables(history: Path) -> None:
    """Put a database without a table in its place, as a careless program may."""
    deleted(history)
    with closing(sqlite3.connect(history)) as connection:
        connection.execute("PRAGMA user_version = 0")
        connection.execute("VACUUM")


DAMAGES: tuple[Callable[[Path], None], ...] = (
    garbage,
    empty,
    half,
    inner_page,
    first_page,
    deleted,
    only_the_main_file_deleted,
    emptied_by_its_tables,
)


def _without_companions(history: Path) -> None:
    for end in ("-wal", "-shm"):
        history.with_name(history.name + end).unlink(missing_ok=True)
