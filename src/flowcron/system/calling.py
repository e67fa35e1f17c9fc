"""Calling a program of the system for its answer: only commands that people type wait like this."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowcron.errors import FlowcronError


class CallError(FlowcronError):
    """A program of the system is not there or does not answer."""


class Answer(NamedTuple):
    """What a program said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """The last thing it said, for an error."""
        lines = [line for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


def call(argv: Sequence[str], *, environ: Mapping[str, str], patience: float) -> Answer:
    """Return what a program answers within `patience` seconds; raises CallError."""
    try:
        done = subprocess.run(
            argv,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=patience,
            check=False,
        )
    except FileNotFoundError as error:
        raise CallError(f"there is no {argv[0]} on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise CallError(f"{argv[0]} has not answered within {patience:g} s") from error
    return Answer(done.returncode, done.stdout, done.stderr)
