"""What happened before a scheduler began that its channels should hear of."""

from __future__ import annotations

from collections.abc import Iterator

from flowcron.history.configurations import BROKEN
from flowcron.history.database import Connection
from flowcron.history.restore import DAMAGED


def news_before(connection: Connection, epoch: int) -> Iterator[str]:
    """Yield how the scheduler before this one ended, if badly, and what was wrong since then."""
    row = connection.execute(
        """
        SELECT pid, stopped_at, coalesce(stopped_at, started_at) FROM schedulers
        WHERE id < ? ORDER BY id DESC LIMIT 1
        """,
        (epoch,),
    ).fetchone()
    pid, stopped_at, since = row or (0, 0, 0)
    if stopped_at is None:
        yield f"the scheduler was started again after another (pid {pid}) ended without a word"
    events = connection.execute(
        "SELECT text FROM events WHERE kind IN (?, ?) AND at >= ? ORDER BY id",
        (DAMAGED, BROKEN, since),
    )
    for (text,) in events.fetchall():
        yield text
