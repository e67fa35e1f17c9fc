"""One output stream of an attempt: from its pipe to the log, and to nowhere after its end."""

from __future__ import annotations

import os
import time

from flowcron.supervisor.pipes import READ_AT_ONCE, widen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowcron.supervisor.mask import Veil
    from flowcron.supervisor.output import AttemptLog
    from flowcron.supervisor.poll import Poller

_TAIL = 1024
_LAST_LINE = 300


class Stream:
    """The supervisor's end of a pipe; at most READ_AT_ONCE bytes of it are read in one turn.

    All streams share one `buffer`, which holds nothing between turns. What passes a `veil` is
    written as the veil shows it.
    """

    __slots__ = (
        "_buffer",
        "_log",
        "_number",
        "_on_end",
        "_poller",
        "_tail",
        "_veil",
        "_widened",
        "fd",
    )

    def __init__(
        self, fd: int, number: int, *, log: AttemptLog, buffer: memoryview, veil: Veil | None
    ) -> None:
        self.fd = fd
        self._number = number
        self._log: AttemptLog | None = log
        self._buffer = buffer
        self._veil = veil
        self._tail = b""
        self._widened = False
        self._poller: Poller | None = None
        self._on_end: Callable[[], None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether some process still holds the other end."""
        return self.fd >= 0

    def join(self, poller: Poller) -> None:
        """Be read whenever there is something."""
        poller.watch(self.fd, self.ready)
        self._poller = poller

    def ready(self) -> None:
        """Take what is there, once."""
        self.read()

    def read(self) -> int:
        """Take what is there and return how much it was; at the end close the pipe."""
        if self.fd < 0:
            return 0
        try:
            count = os.readv(self.fd, (self._buffer,))
        except BlockingIOError:
            return 0
        if not count:
            self._end()
        elif self._log is not None:
            self._keep(self._log, count)
        return count

    def release(self, on_end: Callable[[], None]) -> None:
        """Take the rest of what an ended process wrote; what others write from now on is dropped.

        They may hold the pipe for long and must not block on it, so it is read on to its end,
        which `on_end` is called at.
        """
        rest = READ_AT_ONCE
        while rest > 0 and (count := self.read()):
            rest -= count
        self._lift()
        self._log = None
        self._on_end = on_end

    def close(self) -> None:
        """Close the pipe."""
        if self.fd >= 0:
            if self._poller is None:
                os.close(self.fd)
            else:
                self._poller.close(self.fd)
            self.fd = -1

    def last_line(self) -> str | None:
        """Return the last line that is not empty, readable and at most 300 characters long."""
        for line in reversed(self._tail.replace(b"\r", b"\n").split(b"\n")):
            text = line.decode(errors="backslashreplace").strip()
            if text:
                return text[:_LAST_LINE]
        return None

    def _keep(self, log: AttemptLog, count: int) -> None:
        piece = self._buffer[:count]
        if self._veil is None:
            self._write(log, piece)
        elif shown := self._veil.feed(bytes(piece)):
            self._write(log, memoryview(shown))
        if not self._widened:
            self._widened = widen(self.fd, count)

    def _write(self, log: AttemptLog, piece: memoryview) -> None:
        log.write(piece, self._number, time.time_ns() // 1000)
        self._tail = (self._tail + bytes(piece[-_TAIL:]))[-_TAIL:]

    def _lift(self) -> None:
        """Write what the veil held back: no more comes that could make a secret of it."""
        if self._veil is not None and self._log is not None and (rest := self._veil.end()):
            self._write(self._log, memoryview(rest))

    def _end(self) -> None:
        self._lift()
        self.close()
        if self._on_end is not None:
            self._on_end()
