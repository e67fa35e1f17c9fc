"""Which jobs history knows, for people: all that ever ran, and those that are configured."""

from __future__ import annotations

from dataclasses import dataclass

from flowcron.history.database import Connection


@dataclass(frozen=True, slots=True)
class Defined:
    """A job as the scheduler loaded it last; `body` is read by domain/snapshot.py."""

    name: str
    body: str


def job_names(connection: Connection) -> list[str]:
    """Return the names of all jobs that ever were, the configured ones first and in order."""
    rows = connection.execute("SELECT name FROM jobs ORDER BY definition_id IS NULL, position, id")
    return [name for (name,) in rows]


def defined_jobs(connection: Connection) -> list[Defined]:
    """Return the jobs that the scheduler loaded last, in the order of the configuration."""
    rows = connection.execute(
        """
        SELECT name, body FROM jobs JOIN definitions ON definitions.id = definition_id
        ORDER BY position, jobs.id
        """
    )
    return [Defined(name, body) for name, body in rows]
