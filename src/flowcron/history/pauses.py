"""Jobs that are not scheduled for a while, because somebody said so; it survives restarts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause; `until` is None when it lasts until somebody resumes the job."""

    job: str
    job_id: int
    since: Instant
    until: Instant | None
    reason: str | None
    by: str

    def holds(self, at: Instant) -> bool:
        """Return whether a time of the job is left out."""
        return self.until is None or at < self.until


def pause(  # one argument a column
    connection: Connection,
    jobs: Iterable[str],
    *,
    until: Instant | None,
    reason: str | None,
    by: str,
    at: Instant,
) -> None:
    """Pause jobs, also such as no scheduler has seen yet."""
    for name in jobs:
        connection.execute("INSERT INTO jobs (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        connection.execute(
            """
            UPDATE jobs SET paused_at = ?, paused_until = ?, pause_reason = ?, paused_by = ?
            WHERE name = ?
            """,
            (at, until, reason, by, name),
        )


def resume(connection: Connection, jobs: Iterable[str], *, at: Instant) -> list[str]:
    """End pauses and return the jobs that had one.

    The times that were left out are decided: a job that is resumed has nothing to catch up.
    """
    resumed = []
    for name in jobs:
        cursor = connection.execute(
            """
            UPDATE jobs SET paused_at = NULL, paused_until = NULL, pause_reason = NULL,
                paused_by = NULL, decided_through = max(decided_through, ?)
            WHERE name = ? AND paused_at IS NOT NULL
            """,
            (at, name),
        )
        resumed += [name] * cursor.rowcount
    return resumed


def pauses(connection: Connection, *, now: Instant) -> dict[str, Pause]:
    """Return the pauses that are not over, by the job's name."""
    rows = connection.execute(
        """
        SELECT name, id, paused_at, paused_until, pause_reason, paused_by FROM jobs
        WHERE paused_at IS NOT NULL AND coalesce(paused_until, ?) >= ?
        """,
        (now, now),
    )
    return {row[0]: Pause(*row) for row in rows}


def pauses_ever(connection: Connection) -> dict[int, Pause]:
    """Return all pauses by job id, also those whose time is over: they still explain the past."""
    rows = connection.execute(
        """
        SELECT name, id, paused_at, paused_until, pause_reason, paused_by FROM jobs
        WHERE paused_at IS NOT NULL
        """
    )
    return {row[1]: Pause(*row) for row in rows}
