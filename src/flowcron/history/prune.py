"""Deleting the runs that are kept no longer: in short transactions, the oldest first."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.domain.job import Keep
from flowcron.domain.keep import NEWEST, Keeps, Limit, Past, before, parted
from flowcron.domain.run import FAILURES, RUNS_A_FOLDER, State
from flowcron.history.database import Connection, transaction
from flowcron.history.record import OPEN

BATCH = 200
"""How many runs one transaction deletes: some three milliseconds."""

_LEAST, _MOST, _COLLECTED = 20, 1_000, 20_000  # runs collected of a job at a time, and of all
_LOOKED_AT = 1_000  # runs in one step; and of the newest of a job, for its last success and failure
_PATIENCE = 20  # runs that have not passed the limit, until no older one is expected behind them

# A run goes only while nothing that is not over has to do with it.
_FREE = f"""
    state NOT IN ({OPEN})
    AND coalesce(chain, id) NOT IN (SELECT coalesce(chain, id) FROM runs WHERE state IN ({OPEN}))
    AND id NOT IN (
        SELECT upstream FROM runs WHERE state IN ({OPEN}) AND upstream IS NOT NULL
        UNION ALL SELECT retry_of FROM runs WHERE state IN ({OPEN}) AND retry_of IS NOT NULL)
"""


class Batch(NamedTuple):
    """What one step has deleted, or would: runs, and the bytes of output that were kept of them.

    `folders` are the numbers of the folders in which files of these runs may be.
    """

    runs: int = 0
    output: int = 0
    folders: frozenset[int] = frozenset()


class Sweep:
    """One walk through the runs of all jobs that passed the limit; `step` until it `is_over`.

    It collects some runs of each job and deletes them in the order of their numbers, because those
    beside each other share pages: of a thousand jobs that is six times faster than job by job.
    With `delete` False nothing is, and the steps say what would be.
    """

    def __init__(self, keeps: Keeps, *, now: Instant, delete: bool = True) -> None:
        self._keeps = keeps
        self._now = now
        self._delete = delete
        self._has_begun = False
        self._jobs: deque[_Job] = deque()
        self._next_round: deque[_Job] = deque()
        self._collected: list[int] = []
        self._ready: deque[int] = deque()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to look at."""
        return self._has_begun and not (self._jobs or self._ready)

    def step(self, connection: Connection) -> Batch:
        """Collect from some jobs, or delete a batch of what was collected."""
        if self._ready:
            some = [self._ready.popleft() for _ in range(min(BATCH, len(self._ready)))]
            return self._let_go(connection, some)
        if not self._has_begun:
            self._has_begun = True
            rows = connection.execute(
                """
                SELECT id, name FROM jobs
                WHERE EXISTS (SELECT 1 FROM runs WHERE job_id = jobs.id)
                """
            )
            self._jobs.extend(_Job(job, self._keeps.of_job(name), self._now) for job, name in rows)
        self._collect(connection)
        if not self._jobs:
            self._jobs, self._next_round = self._next_round, self._jobs
            self._ready.extend(sorted(self._collected))
            self._collected.clear()
        return Batch()

    def _collect(self, connection: Connection) -> None:
        """Look at as many jobs as a step has time for."""
        looked_at = 0
        while self._jobs and looked_at < _LOOKED_AT:
            everybody = len(self._jobs) + len(self._next_round)
            share = min(max(_COLLECTED // everybody, _LEAST), _MOST)
            job = self._jobs.popleft()
            found = job.next(connection, share)
            looked_at += max(len(found), _LEAST)
            self._collected += found
            if not job.is_over:
                self._next_round.append(job)

    def _let_go(self, connection: Connection, runs: Sequence[int]) -> Batch:
        if not self._delete:
            return _measured(connection, runs)
        with transaction(connection):
            batch = _measured(connection, runs)
            connection.execute(f"DELETE FROM runs WHERE id IN ({_marks(runs)}) AND {_FREE}", runs)
        return batch


class _Job:
    """A job on the way through its runs, oldest first."""

    def __init__(self, job_id: int, keep: Keep, now: Instant) -> None:
        self.is_over = False
        self._id = job_id
        self._keep = keep
        self._now = now
        self._limit: Limit | None = None
        self._after = 0
        self._held: list[Past] = []

    def next(self, connection: Connection, count: int) -> list[int]:
        """Return the next runs that go, about so many; none is left when it `is_over`."""
        limit = self._limit or _limit_of(connection, self._id, self._keep, now=self._now)
        if limit is None:
            self.is_over = True
            return []
        self._limit = limit
        passed = list(self._passed(connection, limit, count))
        gone, self._held = parted([*self._held, *passed], limit)
        return [past.run for past in gone]

    def _passed(self, connection: Connection, limit: Limit, count: int) -> Iterator[Past]:
        patience, left = _PATIENCE, count
        for past in _oldest(connection, self._id, count, after=self._after, below=limit.newest):
            left, self._after = left - 1, past.run
            if limit.is_passed(past):
                yield past
            else:
                patience -= 1
                if not patience:
                    break
        self.is_over = left > 0 or not patience


def _limit_of(connection: Connection, job_id: int, keep: Keep, *, now: Instant) -> Limit | None:
    """Return where the history of a job ends, or None where no run has passed that."""
    newest = _place(connection, job_id, NEWEST)
    if newest is None:
        return None
    beneath = None if keep.runs is None else _place(connection, job_id, keep.runs)
    limit = Limit(before(keep, now), beneath, newest)
    oldest = _oldest(connection, job_id, _PATIENCE, after=0, below=newest)
    if not any(map(limit.is_passed, oldest)):
        return None
    success, failure = _lasts(connection, job_id)
    return replace(limit, success=success, failure=failure)


def _oldest(
    connection: Connection, job_id: int, count: int, *, after: int, below: int
) -> Iterator[Past]:
    rows = connection.execute(
        """
        SELECT id, state, recorded_at FROM runs WHERE job_id = ? AND id > ? AND id < ?
        ORDER BY id LIMIT ?
        """,
        (job_id, after, below, count),
    )
    return (Past(run, State(state), recorded_at) for run, state, recorded_at in rows)


def _place(connection: Connection, job_id: int, count: int) -> int | None:
    """Return the number of the run that is the last of the newest so many, or None."""
    row = connection.execute(
        "SELECT id FROM runs WHERE job_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
        (job_id, count - 1),
    ).fetchone()
    return None if row is None else int(row[0])


def _lasts(connection: Connection, job_id: int) -> tuple[int | None, int | None]:
    """Return the last success and the last failure among the newest runs of a job."""
    rows = connection.execute(
        "SELECT id, state FROM runs WHERE job_id = ? ORDER BY id DESC LIMIT ?",
        (job_id, _LOOKED_AT),
    )
    success = failure = None
    for run, state in rows:
        if success is None and state == State.SUCCESS:
            success = run
        elif failure is None and state in FAILURES:
            failure = run
        if success is not None and failure is not None:
            break
    return success, failure


def _measured(connection: Connection, runs: Sequence[int]) -> Batch:
    """Return how much of these runs may go now."""
    free = [
        run
        for (run,) in connection.execute(
            f"SELECT id FROM runs WHERE id IN ({_marks(runs)}) AND {_FREE}", runs
        )
    ]
    (output,) = connection.execute(
        f"""
        SELECT coalesce(sum(output_bytes - coalesce(elided_bytes, 0)), 0) FROM attempts
        WHERE run_id IN ({_marks(free)})
        """,
        free,
    ).fetchone()
    return Batch(len(free), output, frozenset(run // RUNS_A_FOLDER for run in free))


def _marks(values: Sequence[int]) -> str:
    return ", ".join("?" * len(values))
