"""The last configuration without a mistake: what a scheduler starts with when the file has one."""

from __future__ import annotations

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection

BROKEN = "configuration-broken"
"""The kind of the event that a start with it records."""


def keep(connection: Connection, path: str, digest: str, body: str, *, at: Instant) -> None:
    """Keep a configuration, in the place of the one before from the same path."""
    connection.execute(
        "INSERT OR REPLACE INTO configurations (path, digest, body, loaded_at) VALUES (?, ?, ?, ?)",
        (path, digest, body, at),
    )


def digest_of(connection: Connection, path: str) -> str | None:
    """Return the digest of the configuration that is kept, or None."""
    row = connection.execute("SELECT digest FROM configurations WHERE path = ?", (path,)).fetchone()
    return None if row is None else str(row[0])


def last_good(connection: Connection, path: str) -> str | None:
    """Return the configuration that is kept, as config/aside.py reads it, or None."""
    row = connection.execute("SELECT body FROM configurations WHERE path = ?", (path,)).fetchone()
    return None if row is None else str(row[0])
