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


class Habit(NamedTuple):
    """What a run that goes well usually takes and writes: the medians, in time and in bytes."""

    length: timedelta
    output: int


ENOUGH = 5
"""How many successful runs it takes to know what is usual."""


def habit_of(runs: Sequence[tuple[timedelta, int]]) -> Habit | None:
    """Return what is usual among these lengths and outputs, or None where there are too few."""
    if len(runs) < ENOUGH:
        return None
    middle = (len(runs) - 1) // 2
    return Habit(
        sorted(length for length, _ in runs)[middle], sorted(output for _, output in runs)[middle]
    )


def longest_usual(habit: Habit | None, factor: float | None) -> timedelta | None:
    """Return after how long a run takes unusually long, or None where nobody can say."""
    return None if habit is None or factor is None else habit.length * factor


def is_unusually_short(length: timedelta, habit: Habit, factor: float) -> bool:
    """Return whether a run that went well took unusually little time.

    Below a second the differences are chance.
    """
    return habit.length >= timedelta(seconds=1) and length * factor <= habit.length


def is_unusually_quiet(output: int, habit: Habit, factor: float) -> bool:
    """Return whether a run that went well wrote unusually little."""
    return habit.output > 0 and output * factor <= habit.output
