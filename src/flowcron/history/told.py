"""What is in the outbox, for who tells it and for people."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from flowcron.domain.alerting import Event
from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


class AlertRow(NamedTuple):
    """One row of the outbox. `details` is what its event has beside, see engine/alerts.py."""

    id: int
    channel: str
    target: str | None
    event: Event
    text: str
    details: dict[str, Any]
    created_at: Instant
    tries: int
    job: str | None
    run_id: int | None
    incident_id: int | None


def alerts_numbered(connection: Connection, numbers: Iterable[int]) -> list[AlertRow]:
    """Return these rows, oldest first."""
    wanted = tuple(numbers)
    rows = connection.execute(
        f"""
        SELECT outbox.id, channel, target, event, text, details, created_at, tries, jobs.name,
            run_id, incident_id
        FROM outbox LEFT JOIN jobs ON jobs.id = outbox.job_id
        WHERE outbox.id IN ({", ".join("?" * len(wanted))}) ORDER BY outbox.id
        """,
        wanted,
    )
    return [
        AlertRow(number, channel, target, Event(event), text, json.loads(details), *rest)
        for number, channel, target, event, text, details, *rest in rows
    ]
