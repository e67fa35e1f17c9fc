"""What signals do to a scheduler."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Protocol

from flowcron.app.aside import aside
from flowcron.app.guard import Guard
from flowcron.config.config import OnStop
from flowcron.system.systemd import is_going_down


class Obeys(Protocol):
    """What a signal can ask of a scheduler."""

    @property
    def is_leaving(self) -> bool:
        """Whether running jobs would be left alone if it were told to stop now."""

    def reload(self) -> None:
        """Load the configuration again."""

    def stop(self, by: str, how: OnStop | None = None) -> None:
        """Stop; `how` is as it is configured unless it is said."""


def obey_signals(scheduler: Obeys, guard: Guard, *, in_terminal: bool) -> None:
    """Let the running loop do what signals ask for.

    SIGHUP reloads, as services do, but stops when it means that our terminal was closed.
    """

    def hang_up() -> None:
        if in_terminal and not os.isatty(sys.stdout.fileno()):
            scheduler.stop("SIGHUP, the terminal was closed")
        else:
            scheduler.reload()

    def terminate() -> None:
        if scheduler.is_leaving:
            guard.start(_leave(scheduler))
        else:
            scheduler.stop("SIGTERM")

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, guard.call, hang_up)
    loop.add_signal_handler(signal.SIGTERM, guard.call, terminate)
    loop.add_signal_handler(signal.SIGINT, guard.call, scheduler.stop, "SIGINT")


async def _leave(scheduler: Obeys) -> None:
    """Leave running jobs alone, unless they would be killed without a word a moment later."""
    if await aside(is_going_down):
        scheduler.stop("SIGTERM, the system is going down", OnStop.CANCEL)
    else:
        scheduler.stop("SIGTERM")
