"""Doubles for the engine's ports, and jobs that say only what matters."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flowcron.domain.instant import SECOND, Instant, instant
from flowcron.domain.job import Every, Job
from flowcron.domain.ports import Process

NOON = instant(datetime(2027, 3, 1, 12, tzinfo=UTC))
EVERY_MINUTE = (Every(timedelta(minutes=1)),)


def make_job(name: str = "backup", **what_matters: Any) -> Job:
    """Return a job that is started by hand, with whatever else the test is about."""
    return Job(name, **({"command": "true"} | what_matters))


def after(seconds: float, since: Instant = NOON) -> Instant:
    """Return the instant so many seconds later."""
    return Instant(since + int(seconds * SECOND))


class FakeClock:
    """A wall clock that goes on when it is told to."""

    def __init__(self, now: Instant = NOON) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now = after(seconds, self.now)


class ScriptedLauncher:
    """A supervisor that keeps what it was sent and says what the test makes it say."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, *messages: dict[str, Any]) -> None:
        self.sent += messages

    def of_kind(self, op: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["op"] == op]

    @property
    def launched(self) -> list[str]:
        return [message["env"]["FLOWCRON_JOB"] for message in self.of_kind("spawn")]

    @property
    def acked(self) -> list[list[int]]:
        return [attempt for message in self.of_kind("ack") for attempt in message["attempts"]]


class ScriptedJudge:
    """A judge that keeps what it was asked; the test says its verdicts with `judged`."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def ask(self, *questions: dict[str, Any]) -> None:
        self.asked += questions


class WakesNobody:
    """The wakes of an owner who looks by himself."""

    def soon(self, callback: Callable[[], None]) -> None:
        """Leave it to the test."""

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Leave it to the test."""


class FakeProcesses:
    """A machine on which exactly the processes live that the test says."""

    def __init__(self) -> None:
        self.alive: set[Process] = set()
        self.tokens: dict[str, Process] = {}
        self.statuses: dict[int, int] = {}

    def is_alive(self, process: Process) -> bool:
        return process in self.alive

    def with_token(self, tokens: frozenset[str]) -> dict[str, Process]:
        return {token: found for token, found in self.tokens.items() if token in tokens}

    def status_of(self, pid: int) -> int | None:
        return self.statuses.pop(pid, None)


def started(run: int, attempt: int = 1, *, at: Instant, pid: int = 100) -> dict[str, Any]:
    """Return the supervisor's message that an attempt has started."""
    return {
        "ev": "started",
        "run": run,
        "attempt": attempt,
        "pid": pid,
        "pid_started": 5,
        "pid_inode": 7,
        "at": at,
    }


def exited(  # the fields of the message
    run: int,
    attempt: int = 1,
    *,
    at: Instant,
    code: int = 0,
    signal: int = 0,
    why: str = "exit",
    began: Instant | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the supervisor's message that an attempt has ended."""
    return {
        "ev": "exited",
        "run": run,
        "attempt": attempt,
        "at": at,
        "started_at": at - SECOND if began is None else began,
        "pid": 100,
        "status": signal or code << 8,
        "why": why,
        "max_rss": 1000,
        "cpu": 2000,
        "bytes": 0,
        "elided": 0,
        "output": None,
        "pieces": None,
        "last": None,
    } | more


def judged(run: int, attempt: int = 1, *, unmet: str | None = None) -> dict[str, Any]:
    """Return the message that brings a verdict."""
    return {"ev": "judged", "run": run, "attempt": attempt, "unmet": unmet}


def poll(condition: Callable[[], object], *, seconds: float = 30) -> Any:
    """Return what `condition` gives once it is true; fail when it stays false."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {seconds} s")
        time.sleep(0.02)
    return found
