"""What somebody should know who asks how the scheduler is."""

from __future__ import annotations

from datetime import timedelta

from flowcron.domain.instant import Instant, micros
from flowcron.history.configurations import BROKEN
from flowcron.history.database import Connection
from flowcron.history.ledger import Event
from flowcron.history.restore import DAMAGED

_FOR = micros(timedelta(days=7))  # how long a damaged history is told


def warnings(connection: Connection, *, now: Instant) -> list[Event]:
    """Return what is still true, or happened lately, oldest first.

    A broken configuration is told until one is loaded.
    """
    rows = connection.execute(
        """
        SELECT at, text FROM events
        WHERE (kind = ? AND at > ?)
        OR id = (SELECT max(id) FROM events WHERE kind = ?
                 AND at >= (SELECT max(loaded_at) FROM schedulers))
        ORDER BY id
        """,
        (DAMAGED, now - _FOR, BROKEN),
    )
    return [Event(*row) for row in rows]
