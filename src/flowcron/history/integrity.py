"""Is a history whole? SQLite's own check of every page, row and index: 3 s for a million runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

from flowcron.errors import HistoryError
from flowcron.history.database import (
    Connection,
    DatabaseTrouble,
    check_version,
    open_as_it_is,
)
from flowcron.history.trouble import is_damage

_OFTEN = 100_000  # instructions of SQLite's between two questions whether to go on, some 10 ms


def damage_of(path: Path, *, is_wanted: Callable[[], bool] = lambda: True) -> str | None:
    """Return what is broken in a history file, or None for one that is whole.

    Raises HistoryError for a database that is no history of this or an earlier version, and
    DatabaseTrouble where the file cannot be read, also when it `is_wanted` no longer.
    """
    with closing(open_as_it_is(path, mode="ro")) as connection:
        stop_unless(connection, is_wanted)
        return damage_in(connection, path)


def damage_in(connection: Connection, path: Path) -> str | None:
    """Return what is broken in an open history file, or None for one that is whole."""
    try:
        if check_version(connection, path) == 0:
            return "it is empty"
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except DatabaseTrouble as error:
        if is_damage(error):
            return str(error)
        raise
    return None if found == "ok" else str(found).rpartition("\n")[2]


def stop_unless(connection: Connection, is_wanted: Callable[[], bool]) -> None:
    """Let whatever the connection does fail once it is no longer wanted."""
    connection.set_progress_handler(lambda: not is_wanted(), _OFTEN)


class Check:
    """A check beside the loop; `wait` for it, `stop` it when nobody wants to know any more.

    `damage` is None until it has found some; trouble with reading is none.
    """

    def __init__(self, path: Path) -> None:
        self.damage: str | None = None
        self._path = path
        self._unwanted = Event()
        self._thread = Thread(target=self._run, name="integrity check", daemon=True)
        self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it is over, at most so long."""
        self._thread.join(seconds)

    def stop(self) -> None:
        """Let it end soon; nobody needs to wait for that."""
        self._unwanted.set()

    def _run(self) -> None:
        try:
            self.damage = damage_of(self._path, is_wanted=lambda: not self._unwanted.is_set())
        except (DatabaseTrouble, HistoryError):
            return  # stopped; or whoever uses the history has the same trouble, and says so
