"""Waiting for the first processes of attempts, which are our children."""

from __future__ import annotations

import os
import time
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from resource import struct_rusage

    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.deadlines import Deadlines
    from flowcron.supervisor.poll import Poller

    OnExit = Callable[[Attempt, int | None, struct_rusage | None], None]

_TRY_AGAIN = 1.0  # s, to wait for a process when there was no descriptor or memory for it


class Children:
    """Calls `on_exit` with the raw wait status and what was used, once a first process ended."""

    __slots__ = ("_deadlines", "_on_exit", "_poller")

    def __init__(self, poller: Poller, deadlines: Deadlines, on_exit: OnExit) -> None:
        self._poller = poller
        self._deadlines = deadlines
        self._on_exit = on_exit

    def watch(self, attempt: Attempt) -> None:
        """Wait for the process; if there is no descriptor or memory for that, try again soon."""
        if attempt.final:  # it was reaped meanwhile
            return
        try:
            attempt.pidfd = self._poller.watch_exit(attempt.pid, partial(self._ended, attempt))
        except OSError:
            again = time.monotonic() + _TRY_AGAIN
            self._deadlines.add(again, partial(self.watch, attempt))

    def reaped(self, attempt: Attempt, status: int | None, usage: struct_rusage | None) -> None:
        """Take note of an end that was found in another way."""
        self._poller.forget_exit(attempt.pid, attempt.pidfd)
        self._on_exit(attempt, status, usage)

    def _ended(self, attempt: Attempt) -> None:
        try:
            pid, status, usage = os.wait4(attempt.pid, os.WNOHANG)
        except ChildProcessError:  # someone else in this process has reaped it
            self.reaped(attempt, None, None)
            return
        if pid:
            self.reaped(attempt, status, usage)
