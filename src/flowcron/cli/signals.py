"""Signals as something to look at, for a command that must not be interrupted anywhere."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Heard:
    """The signals that have come: the next one to `take`, how many were `taken`, the `first`."""

    def __init__(self) -> None:
        self.pending: deque[int] = deque()
        self.taken = 0
        self.first = 0

    def take(self) -> str:
        """Return the name of the next signal."""
        number = self.pending.popleft()
        self.taken += 1
        self.first = self.first or number
        return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


@contextmanager
def heard_signals() -> Iterator[Heard]:
    """Collect the signals that ask a command to end, instead of being ended by them."""
    heard = Heard()
    before = {
        number: signal.signal(number, lambda number, _: heard.pending.append(number))
        for number in _ENDING
    }
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
