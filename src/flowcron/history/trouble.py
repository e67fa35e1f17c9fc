"""What kind of trouble SQLite has with a history: it is held, damaged, or the disk fails."""

from __future__ import annotations

import sqlite3

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DISK = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}
_FSYNC = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}
_PRIMARY = 0xFF  # the part of an extended code that says what kind it is


def is_of_the_file(error: sqlite3.Error) -> bool:
    """Return whether the file, its disk or another process is to blame, and not a statement."""
    return _code(error) & _PRIMARY in {*_DAMAGE, *_BUSY, *_DISK}


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether the file itself is broken."""
    return _code(error) & _PRIMARY in _DAMAGE


def is_held(error: sqlite3.Error) -> bool:
    """Return whether another process holds the history."""
    return _code(error) & _PRIMARY in _BUSY


def is_unsafe_to_retry(error: sqlite3.Error) -> bool:
    """Return whether an fsync failed.

    The kernel reports that once and forgets what it could not write: a second one that succeeds
    means nothing.
    """
    return _code(error) in _FSYNC


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0))
