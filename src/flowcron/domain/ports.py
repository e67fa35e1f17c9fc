"""What the engine needs of the outside world, so that tests can be the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flowcron.domain.instant import Instant

Clock = Callable[[], Instant]
"""Says what time it is."""


class Launcher(Protocol):
    """The scheduler's end of a supervisor; messages as in flowcron.supervisor.protocol."""

    def send(self, *messages: dict[str, Any]) -> None:
        """Hand messages over, in order, without waiting."""


class Judge(Protocol):
    """Looks whether what a job expects of an attempt is so."""

    def ask(self, *questions: dict[str, Any]) -> None:
        """Hand questions over without waiting; the engine receives each verdict as a message.

        See flowcron.engine.judging for what is in them.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """What a program that was asked something said; `status` is None when it had to be killed.

    `status` is the raw wait status, `stderr` the end of what it wrote there.
    """

    status: int | None
    stdout: bytes
    stderr: bytes


Ask = Callable[[Sequence[str]], Reply]
"""Starts a program and waits, for a few seconds at most; raises OSError when there is none."""


@dataclass(frozen=True, slots=True)
class Process:
    """What tells one process from every other of this boot, also after its pid is used again."""

    pid: int
    started: int | None
    inode: int | None


class Processes(Protocol):
    """The machine's processes, as recovery asks for them."""

    def is_alive(self, process: Process) -> bool:
        """Return whether this very process, not another with its pid, still runs."""

    def with_token(self, tokens: frozenset[str]) -> dict[str, Process]:
        """Return the oldest living process of each token found in an environment."""

    def status_of(self, pid: int) -> int | None:
        """Return the wait status of an ended child of ours, or None when it is not known."""
