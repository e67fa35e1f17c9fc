"""How a scheduler ends: waiting for what runs, leaving it alone, or cancelling it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flowcron.config.config import OnStop
from flowcron.engine.engine import Engine
from flowcron.engine.report import Kind


class Stopping:
    """What was asked of the scheduler: `how` is None until it is to stop, `by` says who asked."""

    def __init__(
        self,
        *,
        say: Callable[[Kind, str], None],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self.how: OnStop | None = None
        self.by = ""
        self._say = say
        self._later = later

    @property
    def is_cancelling(self) -> bool:
        """Whether nothing may go on any longer."""
        return self.how is OnStop.CANCEL

    def is_over(self, engine: Engine) -> bool:
        """Return whether there is nothing left to wait for."""
        return self.how is not None and (self.how is OnStop.LEAVE or not engine.under_way)

    def ask(self, by: str, how: OnStop, *, grace: timedelta, engine: Callable[[], Engine]) -> None:
        """Begin to stop; the second time cancel what still runs."""
        if self.how is not None:
            self.cancel(by, engine())
            self._say(Kind.NOTICE, "cancelling what still runs")
            return
        self.how, self.by = how, by
        engine().accepting = False
        if how is OnStop.LEAVE:
            self._say(Kind.NOTICE, "stopping; running jobs go on and are adopted at the next start")
        elif how is OnStop.CANCEL:
            self.cancel(by, engine())
        elif waiting := engine().under_way:
            seconds = grace.total_seconds()
            by_then = f"{by}, after {seconds:g} s"
            self._later(seconds, lambda: self.cancel(by_then, engine()))
            names = ", ".join(dict.fromkeys(live.job.name for live in waiting))
            self._say(Kind.NOTICE, f"stopping: waiting for {names}; again to cancel")

    def cancel(self, by: str, engine: Engine) -> None:
        """End everything that still runs."""
        self.how, self.by = OnStop.CANCEL, by
        engine.cancel_all(by)
