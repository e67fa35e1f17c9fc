"""Which jobs history knows, for people: all that ever ran, and those that are configured."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.history.database import Connection


class Defined(NamedTuple):
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


def last_definition(connection: Connection, name: str) -> str | None:
    """Return what a job was when it was loaded last, though it may be configured no more."""
    row = connection.execute(
        """
        SELECT body FROM definitions JOIN jobs ON jobs.id = job_id WHERE name = ?
        ORDER BY definitions.id DESC LIMIT 1
        """,
        (name,),
    ).fetchone()
    return None if row is None else str(row[0])


def definition_of_run(connection: Connection, run: int) -> str:
    """Return what the job was when a run of it was made."""
    row = connection.execute(
        "SELECT body FROM definitions WHERE id = (SELECT definition_id FROM runs WHERE id = ?)",
        (run,),
    ).fetchone()
    return str(row[0])
