"""How each configured job stands: since when it fails, and whether it ever succeeded."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


class Standing(NamedTuple):
    """A job whose last run failed: how often in a row, since when, and whether it ever was well."""

    job: str
    failures: int
    since: Instant
    has_succeeded: bool


def failing_jobs(connection: Connection) -> list[Standing]:
    """Return the jobs that fail, in the order of the configuration.

    What was skipped, missed or cancelled says nothing about how a job is doing.
    """
    rows = connection.execute(
        """
        SELECT name, count(runs.id), min(coalesce(scheduled_at, recorded_at)), last_success > 0
        FROM (
            SELECT id, name, position, coalesce(
                (SELECT id FROM runs WHERE job_id = jobs.id AND state = 'success'
                 ORDER BY id DESC LIMIT 1), 0) AS last_success
            FROM jobs WHERE definition_id IS NOT NULL) AS job
        JOIN runs ON runs.job_id = job.id AND runs.id > last_success
            AND runs.state IN ('failed', 'timed_out', 'lost')
        GROUP BY job.id ORDER BY position, job.id
        """
    )
    return [Standing(job, failures, since, bool(well)) for job, failures, since, well in rows]
