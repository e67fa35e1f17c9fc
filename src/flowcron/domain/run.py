"""Runs and attempts: their states, what started them and how an attempt can end."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class State(StrEnum):
    """The state of a run or an attempt, as stored and printed."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCESS = "success"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    MISSED = "missed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self not in OPEN_STATES


OPEN_STATES = (State.QUEUED, State.RUNNING, State.RETRYING)


class Trigger(StrEnum):
    """What made a run."""

    SCHEDULE = "schedule"
    CATCH_UP = "catch-up"
    MANUAL = "manual"
    RETRY = "retry"
    AFTER = "after"
    EXEC = "exec"
    FLOW = "flow"
    START = "start"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Exited:
    """The process ended by itself with an exit code."""

    code: int


@dataclass(frozen=True, slots=True)
class Signaled:
    """The process was ended by a signal that flowcron did not send."""

    number: int


@dataclass(frozen=True, slots=True)
class TimedOut:
    """flowcron ended the process at its deadline; one of `code` and `number` says how it went."""

    code: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """flowcron ended the process because a person or a shutdown asked for it."""

    by: str
    code: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The operating system could not start the process."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody can know how, or whether, the process ended."""

    why: str


Outcome = Exited | Signaled | TimedOut | Cancelled | NotStarted | Lost


def state_of(outcome: Outcome, *, success_codes: tuple[int, ...]) -> State:
    """Return the state that an attempt with this outcome is in."""
    match outcome:
        case Exited(code=code):
            return State.SUCCESS if code in success_codes else State.FAILED
        case Signaled() | NotStarted():
            return State.FAILED
        case TimedOut():
            return State.TIMED_OUT
        case Cancelled():
            return State.CANCELLED
        case Lost():
            return State.LOST
        case _:
            assert_never(outcome)


def exit_status(outcome: Outcome) -> tuple[int | None, int | None]:
    """Return (exit code, signal number) of an outcome; None where there is none."""
    match outcome:
        case Exited(code=code):
            return code, None
        case Signaled(number=number):
            return None, number
        case TimedOut(code=code, number=number) | Cancelled(code=code, number=number):
            return code, number
        case NotStarted() | Lost():
            return None, None
        case _:
            assert_never(outcome)


def reason_of(outcome: Outcome, *, success_codes: tuple[int, ...], timeout: str = "") -> str | None:
    """Return the short English reason kept with an attempt, or None when all went well.

    `timeout` is the length that the job allows, as the user would write it.
    """
    match outcome:
        case Exited(code=code):
            return None if code in success_codes else f"exit {code}"
        case Signaled(number=number):
            return f"killed by {signal_name(number)}"
        case TimedOut(number=number):
            after = f"timed out after {timeout}" if timeout else "timed out"
            return after if number is None else f"{after} · {signal_name(number)}"
        case Cancelled(by=by):
            return f"cancelled by {by}"
        case NotStarted(why=why):
            return f"could not start: {why}"
        case Lost(why=why):
            return f"lost: {why}"
        case _:
            assert_never(outcome)


def signal_name(number: int) -> str:
    """Return the name of a signal: "SIGTERM", or "signal 99" for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def log_name(run: int, number: int) -> str:
    """Return where an attempt's log is, relative to the state directory and without suffix."""
    return f"logs/{run // 10_000:04}/{run}.{number}"
