"""The same work for each contender: N probes due at the same instant, again and again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contender import Contender, Flowcron
from session import Session

SECOND = 1_000_000_000  # the probe writes nanoseconds


@dataclass(frozen=True, slots=True)
class Work:
    """`count` probes, due `offset` seconds after each multiple of `period`."""

    count: int
    period: int
    offset: float = 0
    shell: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A contender that was given work, and where its probes leave their times."""

    contender: Contender
    work: Work
    times: Path

    def written(self) -> int:
        """Return how many bytes the probes have written so far; a start has its fixed length."""
        return sum(path.stat().st_size for path in self.times.iterdir())

    def starts(self, since: float, until: float) -> list[float]:
        """Return when probes started, in seconds since the epoch, between two instants."""
        lines = (int(x) / SECOND for path in self.times.iterdir() for x in path.open())
        return [at for at in lines if since <= at < until]


def flowcron(session: Session, name: str, work: Work) -> Entry:
    """Let flowcron do it as people would: a timeout on each job, output kept, history durable."""
    if work.offset:
        raise ValueError("flowcron's periods are anchored to the epoch")
    folder = session.fresh(name)

    def job(number: int, words: Sequence[str]) -> str:
        command = json.dumps(shlex.join(words) if work.shell else list(words))
        every, name = f'every = "{work.period}s"', f"[jobs.job{number}]"
        return f'{name}\n{every}\ntimeout = "1m"\ncommand = {command}\n'

    _write(session, folder / "schedules.toml", work, job)
    return Entry(Flowcron(folder, session.flowcron), work, folder / "times")


def c_limit(session: Session, name: str, work: Work) -> Entry:
    """Let the C program do it that spawns, waits and does nothing else."""
    folder = session.fresh(name)
    _write(session, folder / "jobs", work, lambda _, words: f"{shlex.join(words)}\n")
    period, offset = f"{work.period * 1000}", f"{work.offset * 1000:.0f}"
    how = "sh" if work.shell else "exec"
    argv = [str(session.programs.limit), period, offset, how, "jobs"]
    title = "C limit through /bin/sh" if work.shell else "C limit"
    return Entry(Contender(title, folder, argv), work, folder / "times")


def supercronic(session: Session, name: str, work: Work, *, command: str) -> Entry:
    """Let supercronic do it, which always uses a shell."""
    folder = session.fresh(name)
    seconds = ",".join(map(str, range(int(work.offset), 60, work.period)))
    when = f"{seconds} * * * * * *"
    _write(session, folder / "crontab", work, lambda _, words: f"{when} {shlex.join(words)}\n")
    contender = Contender("supercronic", folder, [command, "crontab"])
    return Entry(contender, work, folder / "times")


def _write(
    session: Session, path: Path, work: Work, job: Callable[[int, Sequence[str]], str]
) -> None:
    """Write a configuration, and the files that probes append to: making them is no start."""
    times = path.parent / "times"
    times.mkdir()
    outputs = [times / f"{number:06}" for number in range(work.count)]
    for output in outputs:
        output.touch()
    probe = str(session.programs.probe)
    path.write_text("".join(job(number, [probe, str(x)]) for number, x in enumerate(outputs)))
