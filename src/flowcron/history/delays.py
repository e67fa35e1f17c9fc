"""How late runs have started: what the clock, the machine and the scheduler made of their times."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection

MOST = 2_000
"""How many runs are looked at, so that it takes 1 ms in a history of any length."""


class Delay(NamedTuple):
    """The worst delay, in microseconds, of a job and the time that it was due.

    `is_whole` says that all runs since then were looked at, and not only the last MOST.
    """

    delay: int
    job: str
    scheduled_at: Instant
    is_whole: bool


def worst_delay(connection: Connection, since: Instant) -> Delay | None:
    """Return the run that started latest after its time, of those due since an instant.

    Runs that were to wait do not count: for their jitter, in a pool, behind a run of their job.
    """
    row = connection.execute(
        """
        SELECT max(started_at - scheduled_at, 0) AS delay, jobs.name, scheduled_at
        FROM (SELECT * FROM runs ORDER BY id DESC LIMIT ?) AS run JOIN jobs ON jobs.id = job_id
        WHERE "trigger" = 'schedule' AND started_at IS NOT NULL AND scheduled_at >= ?
        AND run.definition_id IN (
            SELECT id FROM definitions WHERE body ->> '$.jitter' IS NULL
            AND body ->> '$.pool' IS NULL AND coalesce(body ->> '$.overlap', '') <> 'queue'
            AND body ->> '$.max_running' IS NULL)
        ORDER BY delay DESC, run.id DESC LIMIT 1
        """,
        (MOST, since),
    ).fetchone()
    if row is None:
        return None
    oldest = connection.execute(
        "SELECT recorded_at FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?", (MOST,)
    ).fetchone()
    delay, job, scheduled_at = row
    return Delay(delay, job, scheduled_at, oldest is None or oldest[0] < since)
