"""When a supervisor leaves: nothing runs, nobody asks, and nobody is expected any more."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.server import Server


class Farewell:
    """Decides at each turn how long to wait for what comes next, or to leave.

    With nothing to do it waits `linger` seconds for another scheduler. SIGTERM, which comes when
    the machine goes down, says that there will be none: without one it leaves at once, or when
    ends are not acknowledged after those seconds. What runs is never left.
    """

    def __init__(self, server: Server, *, linger: float) -> None:
        self._server = server
        self._linger = linger
        self._until: float | None = None
        self._is_wished = False
        self._ears, self._mouth = os.pipe()
        os.set_blocking(self._ears, False)
        os.set_blocking(self._mouth, False)
        server.core.poller.watch(self._ears, self._hear)
        signal.signal(signal.SIGTERM, self._wish)

    def wait(self, now: float) -> float | None:
        """Return for how many seconds to wait, None for as long as it takes, 0 to leave."""
        core, is_alone = self._server.core, self._server.is_alone
        if not is_alone:
            self._is_wished = False  # a scheduler is there, so it was not about the machine
        ends = core.is_idle or (self._is_wished and core.is_still)
        if not (is_alone and ends):
            self._until = None
            return None
        if self._is_wished and core.is_idle:
            return 0
        self._until = self._until or now + self._linger
        return max(self._until - now, 0)

    def _wish(self, number: int, frame: object) -> None:  # noqa: ARG002 a handler's signature
        """Take notice, and wake the loop."""
        self._is_wished = True
        os.write(self._mouth, b"!")

    def _hear(self) -> None:
        os.read(self._ears, 64)
