"""Goal 12: how soon the next scheduler has adopted 200 runs when one is killed.

Time is from the start of the new process to the moment at which its log names the last run as
adopted; beside it, in turn, `python -c pass` of the same interpreter.
"""

from __future__ import annotations

import time
from pathlib import Path

from contender import Flowcron, under_measurement
from figure import Figure, middle, rounds_of
from noise import Span, Taken, take_rounds
from session import Session, say
from startup import BARE, wall

_PATIENCE = 30.0  # seconds
_LOOK = 0.001  # seconds between two looks at the log


def measure(session: Session) -> list[Figure]:
    """Measure restarts."""
    lengths = session.lengths
    folder = session.fresh("restart")
    flowcron = Flowcron(folder, session.flowcron)
    _configure(folder, lengths.in_flight, every="5s")
    with under_measurement(flowcron):
        _wait_for(flowcron, b"event=started", lengths.in_flight)
        _configure(folder, lengths.in_flight, every="365d")  # so that nothing more is due
        _restart(flowcron, lengths.in_flight)  # the first one reads the new configuration
        kept = take_rounds(
            lambda: _round(flowcron, lengths.in_flight),
            wanted=lengths.rounds,
            at_most=lengths.rounds * lengths.patience,
        )
    return [
        Figure(
            12,
            f"restart with {lengths.in_flight} runs in flight: all adopted",
            "≤ 500 ms",
            500,
            "ms",
            middle(ours for ours, _ in kept.values) * 1e3,
            "bare Python",
            middle(bare for _, bare in kept.values) * 1e3,
            **rounds_of(kept),
        )
    ]


def _round(flowcron: Flowcron, count: int) -> Taken[tuple[float, float]]:
    span = Span(flowcron.own)
    bare, ours = wall(BARE), _restart(flowcron, count)
    foreign = span.foreign()
    say(f"restart: {ours * 1e3:.0f} ms, noise {foreign:.0%}")
    return Taken((ours, bare), foreign)


def _restart(flowcron: Flowcron, count: int) -> float:
    flowcron.kill()
    adopted = flowcron.log().count(b"event=adopted")
    began = time.monotonic()
    flowcron.start()
    _wait_for(flowcron, b"event=adopted", adopted + count)
    return time.monotonic() - began


def _wait_for(flowcron: Flowcron, event: bytes, count: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while (seen := flowcron.log().count(event)) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"error: {seen} of {count} runs {event.decode()} after {_PATIENCE} s")
        time.sleep(_LOOK)


def _configure(folder: Path, count: int, *, every: str) -> None:
    jobs = "".join(
        f'[jobs.job{number}]\nevery = "{every}"\ncommand = ["/bin/sleep", "600"]\n'
        for number in range(count)
    )
    (folder / "schedules.toml").write_text(f'[scheduler]\non_stop = "cancel"\n{jobs}')
