"""How much of the machine others used while something was measured.

A round during which other processes (or the hypervisor) used more than 10 % of the machine is
left out of the medians. If no round was quiet, all of them count and the figure is called noisy:
compare its ratio, not its time, and take it again on a quieter machine.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import procfs

QUIET = 0.10  # the share of all processors that others may use

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """What one round measured, and the share of the machine that others used meanwhile."""

    value: T
    foreign: float


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """The rounds that count."""

    values: tuple[T, ...]
    taken: int
    noisy: bool


class Span:
    """A stretch of time of which some processes' share is known."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self._began, self._busy, self._ours = time.monotonic(), procfs.machine_busy(), self._used()

    def foreign(self) -> float:
        """Return the share of the machine that went to others since the start."""
        others = procfs.machine_busy() - self._busy - (self._used() - self._ours)
        processors = os.cpu_count() or 1
        return max(0.0, others) / (time.monotonic() - self._began) / processors

    def _used(self) -> float:
        """Return the CPU of this process, of its ended children and of those under measurement."""
        measured = procfs.cpu(self._pids())
        mine = [resource.getrusage(resource.RUSAGE_SELF)]
        mine.append(resource.getrusage(resource.RUSAGE_CHILDREN))
        return measured.own + measured.children + sum(x.ru_utime + x.ru_stime for x in mine)


def take_rounds(take: Callable[[], Taken[T]], *, wanted: int, at_most: int) -> Kept[T]:
    """Take rounds until enough of them were quiet."""
    taken: list[Taken[T]] = []
    while len(taken) < at_most and quiet_rounds(taken) < wanted:
        taken.append(take())
    return keep(taken)


def quiet_rounds(taken: Sequence[Taken[T]]) -> int:
    """Return in how many rounds others left the machine alone."""
    return sum(x.foreign <= QUIET for x in taken)


def keep(taken: Sequence[Taken[T]]) -> Kept[T]:
    """Return the quiet rounds, or all of them when none was quiet."""
    quiet = tuple(x.value for x in taken if x.foreign <= QUIET)
    return Kept(quiet or tuple(x.value for x in taken), len(taken), noisy=not quiet)
