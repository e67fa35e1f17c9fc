"""Work that may take seconds, or for ever: in threads, a few at once, and never waited for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

from flowcron.system import clock

_STUCK = 32  # threads that may hang on a dead disk before others wait for it too
_TRY_AGAIN = 1.0  # seconds


class Wakes(Protocol):
    """How the owner of errands is called back, in its own thread."""

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back as soon as may be; called from any thread."""

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back when so many seconds have passed."""


class _Errand:
    """A piece of work; `then` gets what came of it, `late` is what it gets at the deadline."""

    __slots__ = ("_late", "_then", "_work", "deadline", "failure", "is_over", "outcome")

    def __init__(self, work: Callable[[], Any], then: Callable[[Any], None], late: object) -> None:
        self._work = work
        self._then = then
        self._late = late
        self.deadline = 0.0
        self.is_over = False
        self.outcome: Any = None
        self.failure: BaseException | None = None

    def do(self) -> None:
        """Do the work, whatever comes of it."""
        try:
            self.outcome = self._work()
        except BaseException as error:  # noqa: BLE001 it is raised again in the owner's thread
            self.failure = error

    def end(self, *, in_time: bool) -> None:
        """Tell the owner what came of it."""
        self.is_over = True
        if in_time and self.failure is not None:
            raise self.failure
        self._then(self.outcome if in_time else self._late)


class Errands:
    """Does pieces of work in threads of their own, `at_once` at a time, in order.

    All but the work is done in the owner's thread. Work that is not over after `patience` seconds
    is given up: nothing can end its thread, so it keeps that, but no longer keeps others waiting,
    unless very many hang. The threads do not keep the process from ending.
    """

    def __init__(self, *, at_once: int, patience: float, wakes: Wakes) -> None:
        self._at_once = at_once
        self._patience = patience
        self._wakes = wakes
        self._waiting: deque[_Errand] = deque()
        self._running: set[_Errand] = set()
        self._stuck: set[_Errand] = set()
        self._back: SimpleQueue[_Errand] = SimpleQueue()

    def begin(self, work: Callable[[], Any], then: Callable[[Any], None], *, late: object) -> None:
        """Have work done; `then` gets what it returns, or `late` when it takes too long."""
        self._waiting.append(_Errand(work, then, late))
        self._start_some()

    def settle(self) -> None:
        """Tell what is over, or has taken too long; begin what waited for that."""
        while not self._back.empty():
            errand = self._back.get_nowait()
            self._running.discard(errand)
            self._stuck.discard(errand)
            if not errand.is_over:
                errand.end(in_time=True)
        now = clock.monotonic()
        for errand in [each for each in self._running if each.deadline <= now]:
            self._running.discard(errand)
            self._stuck.add(errand)
            errand.end(in_time=False)
        self._start_some()

    def _start_some(self) -> None:
        while self._waiting and len(self._running) < self._at_once and len(self._stuck) < _STUCK:
            thread = threading.Thread(target=self._do, args=(self._waiting[0],), daemon=True)
            try:
                thread.start()
            except RuntimeError:  # there are too many processes, or there is no memory
                self._wakes.later(_TRY_AGAIN, self.settle)
                return
            errand = self._waiting.popleft()
            errand.deadline = clock.monotonic() + self._patience
            self._running.add(errand)
            self._wakes.later(self._patience, self.settle)

    def _do(self, errand: _Errand) -> None:
        errand.do()
        self._back.put(errand)
        self._wakes.soon(self.settle)
