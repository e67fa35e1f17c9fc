"""Seeing to it that an attempt ends: at its timeout, when asked, and for good."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

from flowcron.supervisor.leftovers import kill_leftovers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.deadlines import Deadlines


class Endings:
    """Asks attempts to end with a signal to the process group, and kills what has not ended then.

    The group goes with the first process only as far as it does so by itself: what is left of an
    attempt that was asked to end has `kill_after` seconds as well, and is then killed.
    """

    __slots__ = ("_deadlines", "pending")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self.pending = 0  # attempts that were asked to end and have not been killed yet

    def arm(self, attempt: Attempt, timeout: float) -> None:
        """Ask an attempt to end after `timeout` seconds, because of a timeout."""
        ask = partial(self.ask, attempt, signal.SIGTERM, why="timeout")
        attempt.deadline = self._deadlines.add(time.monotonic() + timeout, ask)

    def ask(
        self, attempt: Attempt, number: int, *, why: str, kill_after: float | None = None
    ) -> None:
        """Signal an attempt so that it ends, and kill it if it does not."""
        attempt.why = attempt.why or why
        self._disarm(attempt)
        if number == signal.SIGKILL:
            _kill(attempt)
            return
        send(attempt, number)
        send(attempt, signal.SIGCONT)  # a stopped process can act on nothing else
        wait = attempt.kill_after if kill_after is None else kill_after
        kill = partial(self._kill_late, attempt)
        attempt.deadline = self._deadlines.add(time.monotonic() + wait, kill)
        attempt.ending = True
        self.pending += 1

    def ended(self, attempt: Attempt) -> None:
        """Let go of an attempt whose process ended; if it was asked to, what is left is killed."""
        if not attempt.ending:
            self._disarm(attempt)

    def _kill_late(self, attempt: Attempt) -> None:
        attempt.ending = False
        self.pending -= 1
        _kill(attempt)

    def _disarm(self, attempt: Attempt) -> None:
        if attempt.deadline is not None:
            self._deadlines.cancel(attempt.deadline)
            attempt.deadline = None
        if attempt.ending:
            attempt.ending = False
            self.pending -= 1


def send(attempt: Attempt, number: int) -> None:
    """Signal the attempt's process group, as long as its first process was not reaped."""
    if attempt.final:
        return
    try:
        os.killpg(attempt.pid, number)
    except (ProcessLookupError, PermissionError):  # it ended; a zombie is refused on macOS
        return


def _kill(attempt: Attempt) -> None:
    send(attempt, signal.SIGKILL)
    kill_leftovers(attempt.token)
