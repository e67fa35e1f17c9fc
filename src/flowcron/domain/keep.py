"""How much history is kept: which runs of a job are too old or too many, and which stay anyway.

A run may go when it is over and was recorded longer ago than `age`, or when there are `runs` newer
ones of its job; where a job says both, either is enough. The age counts from when a run was
recorded, so that a time that was made up months late is not gone an hour later. Whatever is said,
the last ten runs of a job, its last success and its last failure stay: also of a job that is
configured no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import Keep
from flowcron.domain.run import FAILURES, State

NEWEST = 10
"""How many runs of a job always stay."""

_ELSE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Keeps:
    """How much is kept of each job: what it says itself, else the `default`."""

    default: Keep
    of: Mapping[str, Keep] = field(default_factory=dict)

    def of_job(self, name: str) -> Keep:
        """Return how much is kept of a job, configured or not."""
        return self.of.get(name, self.default)

    @property
    def age(self) -> timedelta | None:
        """The one age that decides about every run, or None where there is no such."""
        ages = {keep.age for keep in self._all}
        return ages.pop() if len(ages) == 1 and not any(keep.runs for keep in self._all) else None

    @property
    def longest(self) -> timedelta:
        """How long what is not about one job is kept: as long as the runs that it explains."""
        return max((keep.age for keep in self._all if keep.age is not None), default=_ELSE)

    @property
    def _all(self) -> tuple[Keep, ...]:
        return (self.default, *self.of.values())


class Past(NamedTuple):
    """As much of a run as matters for keeping it."""

    run: int
    state: State
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class Limit:
    """Where the history of one job ends.

    Runs recorded `before` are too old, those numbered `beneath` too many (None: no such limit);
    from the run `newest` on all stay. `success` and `failure` are the last runs that ended so, as
    far as anybody has looked for them; None where there is none among the newer ones.
    """

    before: Instant | None
    beneath: int | None
    newest: int
    success: int | None = None
    failure: int | None = None

    def is_passed(self, past: Past) -> bool:
        """Return whether a run is too old, or one too many."""
        if past.run >= self.newest:
            return False
        is_old = self.before is not None and past.recorded_at < self.before
        return is_old or (self.beneath is not None and past.run < self.beneath)


def before(keep: Keep, now: Instant) -> Instant | None:
    """Return before which instant a run was recorded that is too old."""
    return None if keep.age is None else Instant(now - micros(keep.age))


def parted(runs: Sequence[Past], limit: Limit) -> tuple[list[Past], list[Past]]:
    """Part runs that passed the limit, oldest first: those that go, and the last of their kind.

    The latter are to be given again, before the next runs: a newer one of their kind lets them go.
    """
    stay = {
        _last(runs, frozenset({State.SUCCESS}), newer=limit.success),
        _last(runs, FAILURES, newer=limit.failure),
    }
    over = [past for past in runs if past.state.is_final]
    return [past for past in over if past.run not in stay], [p for p in over if p.run in stay]


def _last(runs: Sequence[Past], states: frozenset[State], *, newer: int | None) -> int | None:
    """Return the last run that ended so, unless there is a newer one that did."""
    last = next((past.run for past in reversed(runs) if past.state in states), None)
    return last if newer is None or last == newer else None
