"""How each job is doing: its last few runs, read through the index of its own runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.domain.run import FAILURES, State
from flowcron.history.database import Connection


class Glance(NamedTuple):
    """As much of a run as a line about its job says."""

    id: int
    state: State
    at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    exit_code: int | None
    reason: str | None

    @property
    def duration(self) -> timedelta | None:
        """How long it took, from the first start to the end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return timedelta(microseconds=self.finished_at - self.started_at)


@dataclass(frozen=True, slots=True)
class Recent:
    """The last runs of a job, newest first."""

    runs: tuple[Glance, ...] = ()

    @property
    def open(self) -> Glance | None:
        """The newest run that is not over, or None."""
        return next((run for run in self.runs if not run.state.is_final), None)

    @property
    def last(self) -> Glance | None:
        """The newest run that came to an end of its own, or None."""
        return next((run for run in self.runs if _counts(run)), None)

    @property
    def failures(self) -> int:
        """How many of the newest runs failed in a row."""
        count = 0
        for run in filter(_counts, self.runs):
            if run.state not in FAILURES:
                break
            count += 1
        return count

    @property
    def is_well(self) -> bool:
        """Whether the newest run that came to an end of its own is known and was a success."""
        return self.last is not None and self.last.state == State.SUCCESS


def recent_runs(connection: Connection, jobs: Iterable[str], *, count: int) -> dict[str, Recent]:
    """Return the last `count` runs of each job, by name."""
    return {job: Recent(tuple(_newest(connection, job, count))) for job in jobs}


def _newest(connection: Connection, job: str, count: int) -> Iterable[Glance]:
    rows = connection.execute(
        """
        SELECT id, state, coalesce(scheduled_at, recorded_at), started_at, finished_at, exit_code,
            reason
        FROM runs WHERE job_id = (SELECT id FROM jobs WHERE name = ?) ORDER BY id DESC LIMIT ?
        """,
        (job, count),
    )
    return (Glance(number, State(state), *rest) for number, state, *rest in rows)


def _counts(run: Glance) -> bool:
    """Whether a run says how the job is doing: it ran to an end that nobody else made."""
    return run.state in {State.SUCCESS, *FAILURES}
