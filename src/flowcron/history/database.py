"""Opening the history file: created, recognised, migrated, or refused with a sentence."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flowcron.errors import HistoryError

APPLICATION_ID = 0x666C6F77  # "flow", so that file(1) and we know whose file it is
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT = 10_000  # milliseconds; every transaction of ours is far shorter

Connection = sqlite3.Connection
DatabaseTrouble = sqlite3.Error
"""What any use of a connection may raise: locked, full, damaged."""


def open_history(path: Path, *, migrations: Path = MIGRATIONS) -> Connection:
    """Open the history file for reading and writing; create or migrate it when that is due.

    `migrations` is the folder of the numbered scripts: script n makes schema n out of n - 1.

    Raises HistoryError for anything that is no history of this or an earlier version.
    """
    with _translated(path):
        _make_folder(path.parent)
        connection = _connect(path)
        try:
            _prepare(connection, path, _scripts(migrations))
        except BaseException:
            connection.close()
            raise
        return connection


def read_history(path: Path) -> Connection:
    """Open the history file for reading; one that does not exist yet is read as an empty one."""
    with _translated(path):
        if not _is_there(path):
            connection = sqlite3.connect(":memory:", isolation_level=None)
            _migrate(connection, _scripts(MIGRATIONS), known_version=0)
            return connection
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
        )
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        try:
            version = _version_of(connection, path, newest=len(_scripts(MIGRATIONS)))
        except BaseException:
            connection.close()
            raise
        if version == len(_scripts(MIGRATIONS)):
            return connection
        connection.close()
    return open_history(path)


def _is_there(path: Path) -> bool:
    """Return whether there is a file; one that cannot be looked for raises what is in the way."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Hold the write lock from the first read to the durable commit."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        _roll_back(connection)
        raise
    try:
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: Connection) -> None:
    """End a transaction, unless SQLite has done so itself, as it does when the disk is full."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def identity(connection: Connection) -> str:
    """Return what tells this history from every other."""
    return str(connection.execute("SELECT id FROM identity").fetchone()[0])


def _connect(path: Path) -> Connection:
    new = not path.exists()
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    if new:
        path.chmod(0o600)
        # before the first table; it is what lets `prune` give space back without copying the file
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    return connection


def _prepare(connection: Connection, path: Path, scripts: tuple[Path, ...]) -> None:
    version = _version_of(connection, path, newest=len(scripts))
    # WAL survives in the file; FULL makes a commit durable across power loss, not only a crash.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if version < len(scripts):
        if version:
            _back_up(connection, path.with_name(f"{path.name}.v{version}.bak"))
        _migrate(connection, scripts, known_version=version)


def _version_of(connection: Connection, path: Path, *, newest: int) -> int:
    """Return the schema version of a history file; 0 for an empty one."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise HistoryError(
            f"{path} is an SQLite database of another program",
            hint="name another file with --db, FLOWCRON_DB or [history] path",
        )
    if version > newest:
        raise HistoryError(
            f"{path} was written by a newer flowcron (schema {version}, this one knows {newest})",
            hint="upgrade flowcron, or name another file with --db",
        )
    return int(version)


def _migrate(connection: Connection, scripts: tuple[Path, ...], *, known_version: int) -> None:
    """Bring the schema up to date in one transaction; another process may have been first."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for number, script in enumerate(scripts[version:], start=version + 1):
            for statement in _statements(script.read_text(encoding="utf-8")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        if not known_version:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield each statement of a script; sqlite3.executescript would commit in between."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _scripts(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.sql")))


def _back_up(connection: Connection, target: Path) -> None:
    with closing(sqlite3.connect(target)) as copy:
        target.chmod(0o600)
        connection.backup(copy)


def _make_folder(folder: Path) -> None:
    """Create the state directory for its owner alone; beside a project's file, unknown to git."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.name == ".flowcron":
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into a sentence about this file."""
    elsewhere = "name another place with --db, FLOWCRON_DB or [history] path"
    try:
        yield
    except OSError as error:
        raise HistoryError(
            f"the history file {path} cannot be used: {os.strerror(error.errno or 0)}",
            hint=elsewhere,
        ) from error
    except sqlite3.OperationalError as error:
        raise HistoryError(
            f"the history file {path} cannot be used: {error}", hint=elsewhere
        ) from error
    except sqlite3.DatabaseError as error:
        raise HistoryError(
            f"{path} is not a flowcron history: {error}",
            hint=f"move it away, or {elsewhere}",
        ) from error
