"""Telling a monitor each minute that the scheduler lives: if it is dead, nobody else says so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flowcron.alerts.order import Answer
from flowcron.app.courier import ping
from flowcron.app.errands import Errands, Wakes
from flowcron.engine.report import Kind
from flowcron.system.programs import Programs

EVERY = 60.0  # seconds
_GIVEN_UP = 20.0  # seconds


class Heartbeat:
    """Pings a URL while its owner's loop goes round; without a URL it does nothing at all."""

    def __init__(
        self, programs: Programs, *, wakes: Wakes, say: Callable[[Kind, str], None]
    ) -> None:
        self._programs = programs
        self._wakes = wakes
        self._say = say
        self._errands = Errands(at_once=1, patience=_GIVEN_UP, wakes=wakes)
        self._url: str | None = None
        self._beats = 0  # which of the chains of beats is the current one
        self._is_well = True

    def use(self, url: str | None) -> None:
        """Ping this from now on, or a reference to it; at once when it is another than before."""
        if url != self._url:
            self._url = url
            self._beats += 1
            self._beat(self._beats)

    def _beat(self, chain: int) -> None:
        if self._url is None or chain != self._beats:
            return
        self._wakes.later(EVERY, partial(self._beat, chain))
        work = partial(ping, self._programs, self._url)
        self._errands.begin(work, self._over, late=Answer(error="nothing came back"))

    def _over(self, answer: Answer) -> None:
        """Report it once when the heartbeat is not heard, and once when it is again."""
        is_well = answer.error is None
        if is_well != self._is_well:
            self._is_well = is_well
            if is_well:
                self._say(Kind.NOTICE, "the heartbeat is heard again")
            else:
                hint = f" · {answer.hint}" if answer.hint else ""
                self._say(Kind.WARNING, f"the heartbeat is not heard: {answer.error}{hint}")
