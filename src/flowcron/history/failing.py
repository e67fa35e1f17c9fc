"""The jobs whose last run failed."""

from __future__ import annotations

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


def failing_runs(connection: Connection, *, since: Instant | None = None) -> list[int]:
    """Return the newest run of each configured job that failed with it, in the file's order.

    What was skipped, missed or cancelled says nothing about how a job is doing, and a job with a
    run that is not over may just be mending itself.
    """
    rows = connection.execute(
        """
        SELECT last.id FROM jobs
        JOIN runs AS last ON last.id = (
            SELECT id FROM runs WHERE job_id = jobs.id
            AND state NOT IN ('skipped', 'missed', 'cancelled') ORDER BY id DESC LIMIT 1)
        WHERE jobs.definition_id IS NOT NULL AND last.state IN ('failed', 'timed_out', 'lost')
        AND coalesce(last.scheduled_at, last.recorded_at) >= coalesce(?, 0)
        ORDER BY jobs.position, jobs.id
        """,
        (since,),
    )
    return [run for (run,) in rows]
