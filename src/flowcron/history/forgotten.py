"""What a restored history must not go on with: runs and requests as they were at the backup."""

from __future__ import annotations

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection
from flowcron.history.record import OPEN


def forget_open(connection: Connection, *, at: Instant, reason: str) -> int:
    """Record that nobody knows how open runs ended, and withdraw requests; return how many runs."""
    connection.execute(
        """
        UPDATE attempts SET state = 'lost', finished_at = ?, reason = ?,
            token = NULL, pid_started = NULL, pid_inode = NULL
        WHERE state IN ('queued', 'running')
        """,
        (at, reason),
    )
    cursor = connection.execute(
        f"""
        UPDATE runs SET state = 'lost', finished_at = ?, reason = ?, retry_at = NULL, waits = NULL
        WHERE state IN ({OPEN})
        """,  # noqa: S608 constants
        (at, reason),
    )
    connection.execute(
        """
        UPDATE requests SET applied_at = ?, error = ?, exit_code = 1, result = '{}'
        WHERE applied_at IS NULL
        """,
        (at, reason),
    )
    return cursor.rowcount
