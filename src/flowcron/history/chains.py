"""Chains: runs that follow from one another, and the newest of each job in them."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.chain import Link
from flowcron.domain.instant import Instant
from flowcron.domain.run import State
from flowcron.history.database import Connection


class Chain(NamedTuple):
    """A chain: the job that it began with, when that was due, and the newest run of each job.

    `alone` says that nothing is to follow.
    """

    root: str
    scheduled_at: Instant | None
    alone: bool
    links: dict[str, Link]


def chain_of(connection: Connection, first: int, *, over: int) -> Chain:
    """Return the chain that began with a run, and of which another is `over`."""
    root, scheduled_at, alone = connection.execute(
        """
        SELECT jobs.name, scheduled_at, alone OR (SELECT alone FROM runs WHERE id = ?)
        FROM runs JOIN jobs ON jobs.id = job_id WHERE runs.id = ?
        """,
        (over, first),
    ).fetchone()
    rows = connection.execute(
        """
        SELECT jobs.name, max(runs.id), state, reason FROM (
            SELECT id, job_id, state, reason FROM runs WHERE id = ?
            UNION ALL SELECT id, job_id, state, reason FROM runs WHERE chain = ?
        ) AS runs JOIN jobs ON jobs.id = job_id GROUP BY job_id
        """,
        (first, first),
    )
    links = {job: Link(run, State(state), reason) for job, run, state, reason in rows}
    return Chain(root, scheduled_at, bool(alone), links)


class Repeated(NamedTuple):
    """What a run that does another one again takes from it."""

    job: str
    state: State
    chain: int
    upstream: int | None
    due_at: Instant | None


def repeated_run(connection: Connection, run: int) -> Repeated | None:
    """Return what there is to take from a run that is to be done again, or None without one.

    Where the run that its chain began with is no longer kept, the chain begins with itself.
    """
    row = connection.execute(
        """
        SELECT jobs.name, runs.state, coalesce(first.id, runs.id), runs.upstream,
               coalesce(runs.scheduled_at, first.scheduled_at)
        FROM runs JOIN jobs ON jobs.id = runs.job_id
        LEFT JOIN runs AS first ON first.id = runs.chain
        WHERE runs.id = ?
        """,
        (run,),
    ).fetchone()
    return None if row is None else Repeated(row[0], State(row[1]), *row[2:])
