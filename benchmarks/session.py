"""What all measures of one session share: folder, programs, and how long to measure."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from compiled import Programs


@dataclass(frozen=True, slots=True)
class Lengths:
    """How much is measured: rounds, seconds, runs."""

    rounds: int  # of a burst, of restarts
    patience: int  # how many times `rounds` may be taken until that many were quiet
    slot: int  # seconds from one contender's burst to the next one's; a divisor of 60
    single: int  # blocks of ten seconds with a job each second
    idle: int  # seconds
    pairs: int  # of commands and bare Python
    in_flight: int = 200  # runs while the scheduler restarts
    due_at_once: int = 1000


LONG = Lengths(rounds=5, patience=3, slot=10, single=6, idle=60, pairs=30)
SHORT = Lengths(rounds=1, patience=1, slot=5, single=1, idle=10, pairs=5)


@dataclass(frozen=True, slots=True)
class Session:
    """One run of all measures."""

    folder: Path
    programs: Programs
    flowcron: Path
    lengths: Lengths

    def fresh(self, name: str) -> Path:
        """Make a folder for one contender."""
        folder = self.folder / name
        folder.mkdir()
        return folder


def installed_flowcron() -> Path:
    """Return the command beside this interpreter, so that bare Python is the same Python."""
    command = Path(sys.executable).with_name("flowcron")
    if not os.access(command, os.X_OK):
        raise SystemExit(
            f"error: flowcron is not installed in this Python: {sys.executable} -m pip install -e ."
        )
    return command


def say(text: str) -> None:
    """Tell on stderr how far it is; the table alone is on stdout."""
    print(f"# {text}", file=sys.stderr, flush=True)
