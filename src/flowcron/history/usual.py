"""How long the last successful runs of jobs took, at the same cost in a history of any length."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

from flowcron.domain.run import State
from flowcron.domain.usual import OF_LAST, Habit, Usual, habit_of, usual_of
from flowcron.history.database import Connection

_LOOKED_AT = 300  # of a job's newest runs: successes that are rarer say little about the next


def usuals(connection: Connection, jobs: Iterable[str]) -> dict[str, Usual]:
    """Return what is usual for each job of which anything is known, by name."""
    found = {job: usual_of(_lengths(connection, job)) for job in jobs}
    return {job: usual for job, usual in found.items() if usual is not None}


def _lengths(connection: Connection, job: str) -> list[timedelta]:
    rows = connection.execute(
        """
        SELECT state, finished_at - started_at FROM runs
        WHERE job_id = (SELECT id FROM jobs WHERE name = ?) ORDER BY id DESC LIMIT ?
        """,
        (job, _LOOKED_AT),
    )
    good = (length for state, length in rows if state == State.SUCCESS and length is not None)
    return [timedelta(microseconds=length) for length in islice(good, OF_LAST)]


def habit(connection: Connection, job_id: int) -> Habit | None:
    """Return what successful runs of a job usually take and write, or None with too few of them."""
    rows = connection.execute(
        """
        SELECT runs.state, runs.finished_at - runs.started_at, coalesce(output_bytes, 0) FROM (
            SELECT id, state, started_at, finished_at, attempts FROM runs
            WHERE job_id = ? ORDER BY id DESC LIMIT ?) AS runs
        LEFT JOIN attempts ON attempts.run_id = runs.id AND attempts.number = runs.attempts
        ORDER BY runs.id DESC
        """,
        (job_id, _LOOKED_AT),
    )
    good = (
        (timedelta(microseconds=length), output)
        for state, length, output in rows
        if state == State.SUCCESS and length is not None
    )
    return habit_of(list(islice(good, OF_LAST)))
