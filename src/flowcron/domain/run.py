"""Runs and attempts: their states and what made them."""

from __future__ import annotations

from enum import StrEnum


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
FAILURES = frozenset({State.FAILED, State.TIMED_OUT, State.LOST})
"""How a run ends that came to an end of its own, and not a good one."""


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


RUNS_A_FOLDER = 10_000


def log_name(run: int, number: int, *, history: str) -> str:
    """Return where an attempt's log is, relative to the state directory and without suffix."""
    return f"{logs_of(history)}/{run // RUNS_A_FOLDER:04}/{run}.{number}"


def logs_of(history: str) -> str:
    """Return the folder of all logs of a history, relative to the state directory.

    `history` is the identity of the history file: another one, also one made anew in its place,
    counts its runs from 1 again.
    """
    return f"logs/{history}"
