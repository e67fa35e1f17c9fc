"""What a person wants to run now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """A run of `job`, or of it as the run `again` was: for the same time, in the same chain.

    `force` makes light of a pause and of other runs of the job; without `retries` a failure is the
    end; `alone` lets nothing run after it.
    """

    job: str
    requested_by: str
    again: int | None = None
    force: bool = False
    retries: bool = True
    alone: bool = False
