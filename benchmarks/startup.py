"""Goal 11: how long commands take, in pairs with `python -c pass` of the same interpreter.

The ratio is of the medians of wall-clock time from posix_spawn to the end, output to /dev/null.
`history` reads a history of some thirty runs.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from contender import Flowcron, under_measurement
from figure import Figure, middle, rounds_of
from noise import Kept, Span, Taken, take_rounds
from session import Session, say

_IN_A_ROUND = 5  # pairs: long enough for the machine's ticks to tell who used it
_JOBS = 10  # due each second, to fill a history
_RUNS = 30
BARE = (sys.executable, "-c", "pass")

Pair = tuple[float, float]  # the command's seconds, and bare Python's


def measure(session: Session) -> list[Figure]:
    """Measure the start of two commands."""
    folder = session.fresh("startup")
    _fill_history(session, folder)
    flowcron = str(session.flowcron)
    config = str(folder / "schedules.toml")
    return [
        _figure(session, (flowcron, "--version"), bound=3),
        _figure(session, (flowcron, "--config", config, "history"), bound=6),
    ]


def wall(argv: tuple[str, ...]) -> float:
    """Run a command without output; return how many seconds it took."""
    streams = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    began = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=streams)
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter() - began
    if status:
        raise SystemExit(f"error: {' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)}")
    return took


def _figure(session: Session, argv: tuple[str, ...], *, bound: float) -> Figure:
    wall(argv)  # the first one fills caches
    rounds = max(1, session.lengths.pairs // _IN_A_ROUND)
    kept = take_rounds(
        lambda: _round(argv), wanted=rounds, at_most=rounds * session.lengths.patience
    )
    name = f"flowcron {argv[-1]}"
    ours, bare = _medians(kept)
    say(f"{name}: {ours * 1e3:.0f} ms, bare Python {bare * 1e3:.0f} ms")
    return Figure(
        11,
        name,
        f"≤ {bound:g} times python -c pass",
        bound,
        "ms",
        ours * 1e3,
        "bare Python",
        bare * 1e3,
        relative=True,
        **rounds_of(kept),
    )


def _round(argv: tuple[str, ...]) -> Taken[list[Pair]]:
    span = Span(frozenset)  # every process is a child of this one
    pairs = [(wall(argv), wall(BARE)) for _ in range(_IN_A_ROUND)]
    return Taken(pairs, span.foreign())


def _medians(kept: Kept[list[Pair]]) -> tuple[float, float]:
    pairs = [pair for block in kept.values for pair in block]
    return middle(ours for ours, _ in pairs), middle(bare for _, bare in pairs)


def _fill_history(session: Session, folder: Path) -> None:
    """Let flowcron itself write a history."""
    jobs = (
        f'[jobs.job{number}]\nevery = "1s"\ncommand = ["/bin/true"]\n' for number in range(_JOBS)
    )
    (folder / "schedules.toml").write_text("".join(jobs))
    flowcron = Flowcron(folder, session.flowcron)
    deadline = time.monotonic() + 30
    with under_measurement(flowcron):
        while flowcron.log().count(b"event=ended") < _RUNS:
            if time.monotonic() > deadline:
                raise SystemExit("error: flowcron made no thirty runs in thirty seconds")
            time.sleep(0.1)
