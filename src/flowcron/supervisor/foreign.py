"""Waiting for a process that is not our child: one whose supervisor died."""

from __future__ import annotations

import os
import time

from flowcron.supervisor.adopt import is_same
from flowcron.supervisor.identity import foreign_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowcron.supervisor.deadlines import Deadlines
    from flowcron.supervisor.poll import Poller
    from flowcron.supervisor.protocol import Message

_PATIENCE = 1.0  # s, for the status to be known: the parent may be just about to reap it
_PAUSE = 0.01  # s


class ForeignProcess:
    """A process held by a pidfd; `on_end` gets its raw wait status, or None if nobody knows it."""

    __slots__ = ("_deadlines", "_on_end", "_pid", "_poller", "_until", "pidfd")

    def __init__(
        self, poller: Poller, deadlines: Deadlines, on_end: Callable[[int | None], None]
    ) -> None:
        self._poller = poller
        self._deadlines = deadlines
        self._on_end = on_end
        self._until: float | None = None
        self._pid = -1
        self.pidfd = -1

    def find(self, message: Message, *, inode_is_enough: bool) -> bool:
        """Take hold of the process that an `adopt` message means, if it is still there."""
        pid = self._pid = message["pid"]
        try:
            self.pidfd = self._poller.watch_exit(pid, self._ended)
        except OSError:
            return False
        if self.pidfd < 0 or not is_same(message, self.pidfd, inode_is_enough=inode_is_enough):
            self._poller.forget_exit(pid, self.pidfd)
            return False
        return True

    def _ended(self) -> None:
        if self._until is None:
            self._poller.unwatch(self.pidfd)
            self._until = time.monotonic() + _PATIENCE
            self._ask_status()

    def _ask_status(self) -> None:
        now = time.monotonic()
        status = foreign_status(self._pid, self.pidfd)
        if status is None and self._until is not None and now < self._until:
            self._deadlines.add(now + _PAUSE, self._ask_status)
            return
        os.close(self.pidfd)
        self._on_end(status)
