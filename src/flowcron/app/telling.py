"""What a scheduler tells the world: the alerts of its jobs, and each minute that it lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flowcron.alerts.order import Answer
from flowcron.app.alerting import Alerting, Heard
from flowcron.app.errands import Wakes
from flowcron.app.heartbeat import Heartbeat
from flowcron.app.state import Holding
from flowcron.config.config import Config
from flowcron.domain.delivery import Waiting
from flowcron.domain.instant import Instant
from flowcron.engine.report import Kind
from flowcron.history.outbox import Lane
from flowcron.system.programs import Programs

_PINGED = ("healthchecks", "sentry")  # with every run, which is nothing to report


class Telling:
    """The sender and the heartbeat of one scheduler.

    `tell` puts into the outbox what the channels are to know of the scheduler, `again` lets the
    loop look at the outbox soon. `programs` are not ended with the scheduler: what is on its way
    arrives, and is marked as sent by who sends it.
    """

    def __init__(
        self,
        holding: Holding,
        programs: Programs,
        *,
        wakes: Wakes,
        say: Callable[[Kind, str], None],
        tell: Callable[[str], None],
        again: Callable[[], None],
    ) -> None:
        self._say = say
        self._tell = tell
        self._again = again
        self._failing: set[Lane] = set()
        heard = Heard(self._over, self._lost)
        self._alerting = Alerting(holding.history, holding.path, programs, wakes=wakes, heard=heard)
        self._heartbeat = Heartbeat(programs, wakes=wakes, say=say)

    def use(self, config: Config) -> None:
        """Tell it from now on as this configuration says."""
        self._alerting.use(config)
        self._heartbeat.use(config.heartbeat)

    def look(self) -> Instant | None:
        """Begin to deliver what is due, and return when more is due."""
        return self._alerting.look()

    def _over(self, lane: Lane, rows: Sequence[Waiting], answer: Answer) -> None:
        """Report it once when a lane does not deliver, and once when it does again."""
        if answer.failed and lane not in self._failing:
            self._failing.add(lane)
            hint = f" · {answer.hint}" if answer.hint else ""
            self._say(Kind.WARNING, f"alerts do not get to {lane.name}: {answer.error}{hint}")
        elif not answer.failed and lane in self._failing:
            self._failing.remove(lane)
            self._say(Kind.NOTICE, f"alerts get to {lane.name} again: {len(rows)} delivered")
        elif answer.sent and lane.target not in _PINGED:
            self._say(Kind.NOTICE, f"alert delivered to {lane.name}")
        self._again()

    def _lost(self, text: str) -> None:
        self._say(Kind.WARNING, text)
        self._tell(text)
        self._again()
