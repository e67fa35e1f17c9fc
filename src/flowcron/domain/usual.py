"""How long runs of a job usually take, learnt from those that went well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

OF_LAST = 30
"""From how many of the last successful runs it is learnt, at most."""


class Usual(NamedTuple):
    """The lengths of the last successful runs: half of them, and 95 %, took no longer than this."""

    median: timedelta
    p95: timedelta
    longest: timedelta


def usual_of(lengths: Sequence[timedelta]) -> Usual | None:
    """Return what is usual among these lengths, or None where there are none."""
    if not lengths:
        return None
    return Usual(percentile(lengths, 50), percentile(lengths, 95), max(lengths))


def percentile(lengths: Sequence[timedelta], percent: int) -> timedelta:
    """Return the shortest of the lengths that so many per cent (1 to 100) do not exceed."""
    return sorted(lengths)[(len(lengths) * percent - 1) // 100]
