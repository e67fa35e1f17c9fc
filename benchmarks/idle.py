"""Goal 7: what a scheduler costs that has nothing to do, with 1,000 jobs half a year away.

Memory is what is resident (pages shared with others included); a wake-up is a voluntary context
switch of any thread. Others hardly change any of it, so a noisy minute is not repeated. Beside it,
in the same minute, a Python that only sleeps.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import procfs
from contender import Contender, Flowcron, under_measurement
from figure import Figure, middle, rounds_of
from noise import Kept, Span, Taken, keep
from session import Session, say

_SLEEPER = "import signal; signal.pause()"
_FAR_AWAY = timedelta(days=180)
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """What a stretch of idleness cost: bytes resident, then rates a minute."""

    scheduler: int
    supervisor: int
    bare: int
    wakeups: float
    cpu: float


def measure(session: Session) -> list[Figure]:
    """Measure memory, wake-ups and CPU of an idle scheduler."""
    lengths = session.lengths
    folder = session.fresh("idle")
    (folder / "schedules.toml").write_text(_jobs(lengths.due_at_once))
    ours = Flowcron(folder, session.flowcron)
    bare = Contender("bare Python", session.fresh("idle-bare"), [sys.executable, "-c", _SLEEPER])
    with under_measurement(ours, bare):
        kept = keep([_window(ours, bare, lengths.idle)])
    return _figures(kept, f"idle with {lengths.due_at_once:,} jobs")


def _figures(kept: Kept[Window], what: str) -> list[Figure]:
    rest = rounds_of(kept)
    scheduler, supervisor, bare = (
        middle(getattr(x, name) for x in kept.values) / _MEGABYTE
        for name in ("scheduler", "supervisor", "bare")
    )
    wakeups, cpu = middle(x.wakeups for x in kept.values), middle(x.cpu for x in kept.values)
    python = {"yardstick": "bare Python", "beside": bare, **rest}
    return [
        Figure(7, f"{what}: scheduler", "≤ 45 MB", 45, "MB", scheduler, **python),
        Figure(7, f"{what}: supervisor", "≤ 14 MB", 14, "MB", supervisor, **python),
        Figure(7, f"{what}: wake-ups a minute, both", "≤ 8", 8, "", wakeups, **rest),
        Figure(7, f"{what}: CPU a minute, both", "≤ 3 ms", 3, "ms", cpu * 1e3, **rest),
    ]


def _window(ours: Flowcron, bare: Contender, seconds: int) -> Taken[Window]:
    pids = ours.own()
    span = Span(lambda: pids)
    began, cpu, wakeups = time.monotonic(), procfs.cpu(pids), procfs.wakeups(pids)
    time.sleep(seconds)
    minutes = (time.monotonic() - began) / 60
    foreign = span.foreign()
    window = Window(
        procfs.memory({ours.pid}).now,
        procfs.memory({ours.supervisor}).now,
        procfs.memory({bare.pid}).now,
        (procfs.wakeups(pids) - wakeups) / minutes,
        (procfs.cpu(pids).own - cpu.own) / minutes,
    )
    say(f"idle for {seconds} s: {window.wakeups:.1f} wake-ups a minute, noise {foreign:.0%}")
    return Taken(window, foreign)


def _jobs(count: int) -> str:
    day = datetime.now(tz=UTC) + _FAR_AWAY
    command = json.dumps(["/bin/true"])

    def job(number: int) -> str:
        when = f"{number % 60} {number // 60 % 24} {min(day.day, 28)} {day.month} *"
        return f'[jobs.job{number}]\ncron = "{when}"\ncommand = {command}\n'

    return "".join(map(job, range(count)))
