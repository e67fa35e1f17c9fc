"""How an attempt can end, and what that means for its state and its reason."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import assert_never

from flowcron.domain.run import State

NOT_STARTED = "could not start"
"""How the reason of an attempt begins that had no process."""


@dataclass(frozen=True, slots=True)
class Exited:
    """The process ended by itself with an exit code."""

    code: int


@dataclass(frozen=True, slots=True)
class Unmet:
    """The process ended well, and something that the job expects of it is not so."""

    code: int
    why: str


@dataclass(frozen=True, slots=True)
class Signaled:
    """The process was ended by a signal that flowcron did not send; by the system, for memory."""

    number: int
    for_memory: bool = False


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


Outcome = Exited | Unmet | Signaled | TimedOut | Cancelled | NotStarted | Lost


def state_of(outcome: Outcome, *, success_codes: tuple[int, ...]) -> State:
    """Return the state that an attempt with this outcome is in."""
    match outcome:
        case Exited(code=code):
            return State.SUCCESS if code in success_codes else State.FAILED
        case Unmet() | Signaled() | NotStarted():
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
        case Exited(code=code) | Unmet(code=code):
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
        case Unmet(why=why):
            return why
        case Signaled(number=number, for_memory=for_memory):
            why = ": the system was out of memory" if for_memory else ""
            return f"killed by {signal_name(number)}{why}"
        case TimedOut(number=number):
            after = f"timed out after {timeout}" if timeout else "timed out"
            return after if number is None else f"{after} · {signal_name(number)}"
        case Cancelled(by=by):
            return f"cancelled by {by}"
        case NotStarted(why=why):
            return f"{NOT_STARTED}: {why}"
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
