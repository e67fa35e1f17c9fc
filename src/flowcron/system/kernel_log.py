"""What the kernel says it did to processes: whom it killed for want of memory (Linux)."""

from __future__ import annotations

import os
import re

from flowcron.system import clock

_KILLED = re.compile(rb"(\d+),\d+,(\d+),.*?;.*[Oo]ut of memory.*: Killed process (\d+) ")
_LONGEST = 8192  # bytes; the kernel gives one record at a time
_REMEMBERED = 1_000


class KernelLog:
    """Reads the kernel's log on from where it was; in most containers nobody may."""

    def __init__(self, path: str = "/dev/kmsg") -> None:
        self._path = path
        self._log: int | None = None
        self._killed: dict[int, float] = {}

    def was_killed_for_memory(self, pid: int, *, within: float) -> bool:
        """Return whether the kernel says that it killed that process in the last seconds."""
        self._read_on()
        at = self._killed.get(pid)
        return at is not None and at >= clock.monotonic() - within

    def _read_on(self) -> None:
        try:
            if self._log is None:
                self._log = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            while record := self._next(self._log):
                if (found := _KILLED.match(record)) is not None:
                    self._remember(int(found[3]), int(found[2]) / 1e6)
        except OSError:  # there is none, we may not, or there is nothing new
            return

    def _next(self, log: int) -> bytes:
        try:
            return os.read(log, _LONGEST)
        except BrokenPipeError:  # it was overwritten before we came: go on with the oldest
            return os.read(log, _LONGEST)

    def _remember(self, pid: int, at: float) -> None:
        self._killed[pid] = at
        while len(self._killed) > _REMEMBERED:
            self._killed.pop(next(iter(self._killed)))
