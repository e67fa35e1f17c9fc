"""Goals 1 to 4: many jobs due at one instant.

Each contender's jobs are due at an instant of its own, a slot after the one before, so that all
of them take turns within a minute. A job is the probe, which writes when it started. `last` is
how long after the instant the last one started; CPU is that of the contender's own processes per
run (flowcron: scheduler and supervisor; the jobs' not counted), until everything is recorded;
memory is the sum of their peaks since they were started.
"""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass

import procfs
from contender import under_measurement
from figure import Figure, middle, rounds_of
from noise import Kept, Span, Taken, keep, quiet_rounds
from probes import Entry, Work, c_limit, flowcron, supercronic
from session import Session, say

_LINE = 20  # bytes that a probe writes
_BEFORE = 0.5  # seconds before the instant at which measuring begins
_RECORDING = 0.7  # seconds after the last start in which the last ends are written down
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Shot:
    """One burst of one contender: seconds, seconds of CPU for each run, bytes."""

    last: float
    cpu: float
    peak: int
    missing: int


def argv_burst(session: Session) -> list[Figure]:
    """Measure goals 1, 3 and 4: jobs that are argument lists, beside the C limit."""
    count, slot = session.lengths.due_at_once, session.lengths.slot
    ours = flowcron(session, "argv", Work(count, 2 * slot))
    limit = c_limit(session, "argv-limit", Work(count, 2 * slot, offset=slot))
    kept = _take(session, [ours, limit])
    jobs = f"{count:,} argv jobs at one instant"
    cpu, least_cpu = (1e6 * middle(shot.cpu for shot in x.values) for x in kept)
    peak, least_peak = (middle(shot.peak for shot in x.values) / MEGABYTE for x in kept)
    rest = {"yardstick": "C limit", "missing": _missing(kept[0]), **rounds_of(*kept)}
    return [
        _last(1, jobs, kept, bound=2.5, yardstick="C limit"),
        Figure(3, f"own CPU per run, {jobs}", "≤ 220 µs", 220, "µs", cpu, beside=least_cpu, **rest),
        Figure(4, f"peak memory, {jobs}", "≤ 60 MB", 60, "MB", peak, beside=least_peak, **rest),
    ]


def shell_burst(session: Session) -> list[Figure]:
    """Measure goal 2: jobs that are shell lines, beside the C limit through the same shell."""
    count, slot = session.lengths.due_at_once, session.lengths.slot
    command = shutil.which("supercronic")
    period = (3 if command else 2) * slot
    ours = flowcron(session, "shell", Work(count, period, shell=True))
    limit = c_limit(session, "shell-limit", Work(count, period, offset=slot, shell=True))
    entries = [ours, limit]
    if command:
        work = Work(count, period, offset=2 * slot, shell=True)
        entries.append(supercronic(session, "supercronic", work, command=command))
    kept = _take(session, entries)
    jobs = f"{count:,} shell jobs at one instant"
    figures = [_last(2, jobs, kept[:2], bound=1.3, yardstick="C limit through /bin/sh")]
    if command:
        figures.append(_last(2, jobs, kept[::2], bound=1, yardstick="supercronic"))
    return figures


def _last(goal: int, jobs: str, sides: list[Kept[Shot]], *, bound: float, yardstick: str) -> Figure:
    last, least = (1000 * middle(shot.last for shot in kept.values) for kept in sides)
    return Figure(
        goal,
        f"last start, {jobs}",
        f"≤ {bound:g} times the {yardstick}" if bound > 1 else f"ahead of {yardstick}",
        bound,
        "ms",
        last,
        yardstick,
        least,
        relative=True,
        missing=_missing(sides[0]),
        **rounds_of(*sides),
    )


def _take(session: Session, entries: list[Entry]) -> list[Kept[Shot]]:
    """Let all take turns until each had enough quiet bursts; return the bursts of each."""
    lengths = session.lengths
    taken: list[list[Taken[Shot]]] = [[] for _ in entries]
    with under_measurement(*(entry.contender for entry in entries)):
        for _ in range(lengths.rounds * lengths.patience):
            for shots, shot in zip(taken, _round(entries, lengths.slot), strict=True):
                shots.append(shot)
            if all(quiet_rounds(shots) >= lengths.rounds for shots in taken):
                break
    return [keep(shots) for shots in taken]


def _round(entries: list[Entry], slot: int) -> list[Taken[Shot]]:
    period = entries[0].work.period
    first = math.ceil((time.time() + 1) / period) * period
    return [_shoot(entry, first + place * slot, slot) for place, entry in enumerate(entries)]


def _shoot(entry: Entry, due: float, slot: int) -> Taken[Shot]:
    """Measure one burst of one contender, from just before it until all is recorded."""
    _sleep_until(due - _BEFORE)
    contender, count = entry.contender, entry.work.count
    span, before, written = Span(contender.own), procfs.cpu(contender.own()), entry.written()
    while time.time() < due + slot - 2 and entry.written() < written + count * _LINE:
        time.sleep(0.2)
    time.sleep(_RECORDING)
    foreign, used = span.foreign(), procfs.cpu(contender.own()).own - before.own
    starts = entry.starts(due, due + slot)
    last = max(starts, default=math.inf) - due
    peak = procfs.memory(contender.own()).peak
    say(f"{contender.title}: {len(starts)} starts, last {last * 1e3:.0f} ms, noise {foreign:.0%}")
    return Taken(Shot(last, used / max(1, len(starts)), peak, count - len(starts)), foreign)


def _sleep_until(instant: float) -> None:
    while (left := instant - time.time()) > 0:
        time.sleep(min(left, 0.2))


def _missing(kept: Kept[Shot]) -> int:
    return sum(shot.missing for shot in kept.values)
