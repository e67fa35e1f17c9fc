"""One line of the table: a goal, what was measured, what was measured beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from noise import Kept


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value in `unit`, and the same of the yardstick from the same rounds."""

    goal: int
    measure: str
    wanted: str  # the goal's figure, for people
    bound: float  # the same: of the ratio when `relative`, of the measured value otherwise
    unit: str
    measured: float
    yardstick: str = ""
    beside: float | None = None
    relative: bool = False
    rounds: int = 0
    taken: int = 0
    noisy: bool = False
    missing: int = 0  # starts that should have been seen and were not

    @property
    def ratio(self) -> float | None:
        """How many times the yardstick's value was measured."""
        return self.measured / self.beside if self.beside else None

    @property
    def reached(self) -> bool:
        """Whether the goal is reached; a start that was not seen reaches nothing."""
        judged = self.ratio if self.relative else self.measured
        return self.missing == 0 and judged is not None and judged <= self.bound


def rounds_of(*sides: Kept[Any]) -> dict[str, Any]:
    """Return the fields that say how many rounds a figure rests on: on each side at least."""
    return {
        "rounds": min(len(kept.values) for kept in sides),
        "taken": max(kept.taken for kept in sides),
        "noisy": any(kept.noisy for kept in sides),
    }


def middle(values: Iterable[float]) -> float:
    """Return the median; of no values, infinity: nothing was seen to start."""
    return median(found) if (found := list(values)) else math.inf


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return math.inf
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
