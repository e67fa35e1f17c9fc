"""May a run start? What its own job says of runs that overlap, and how many may run at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import assert_never

from flowcron.domain.job import Job, Overlap


class Start(Enum):
    """What becomes of a run while others of its job are not over."""

    BEGINS = auto()
    WAITS = auto()
    REPLACES = auto()
    SKIPPED = auto()


@dataclass(frozen=True, slots=True)
class Limits:
    """How many runs may have a process at a time: of the jobs in each pool, and of all."""

    pools: Mapping[str, int] = field(default_factory=dict)
    max_running: int | None = None


def on_overlap(job: Job, *, others: int, queue: bool, catch_up: bool) -> Start:
    """Return what becomes of a new run while `others` of the job are not over.

    `queue` says that some of them wait for their turn. A time that is made up waits instead of
    being skipped or pushing another out, and what comes due behind it then waits as well.
    """
    if not others:
        return Start.BEGINS
    match job.overlap:
        case Overlap.ALLOW:
            is_room = job.max_running is None or others < job.max_running
            return Start.BEGINS if is_room and not queue else Start.WAITS
        case Overlap.QUEUE:
            return Start.WAITS
        case Overlap.REPLACE:
            return Start.WAITS if catch_up else Start.REPLACES
        case Overlap.SKIP:
            return Start.WAITS if catch_up or queue else Start.SKIPPED
        case _:
            assert_never(job.overlap)


def at_once(job: Job) -> int | None:
    """Return how many runs of a job may be under way at a time, or None for any number."""
    return job.max_running if job.overlap is Overlap.ALLOW else 1
