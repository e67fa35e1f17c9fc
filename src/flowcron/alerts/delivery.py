"""One order on its way: what its rows are about, what is said of them, and what became of them."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Sequence
from pathlib import Path

from flowcron.alerts.facts import Facts, Sender
from flowcron.alerts.failure import DeliveryError
from flowcron.alerts.gather import facts_of
from flowcron.alerts.keys import Keys
from flowcron.alerts.message import compose
from flowcron.alerts.order import Answer, Order
from flowcron.alerts.printed import printed
from flowcron.alerts.targets import Taken, Targets
from flowcron.domain.alerting import Event
from flowcron.domain.delivery import is_digest
from flowcron.domain.zone import zone_of
from flowcron.errors import FlowcronError
from flowcron.history.database import Connection, identity
from flowcron.history.told import alerts_numbered
from flowcron.system import clock
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs

_TESTED = "flowcron-test"  # the job that a monitor is told of in a test


class Delivery:
    """Delivers an order, as far as it goes."""

    def __init__(self, order: Order, connection: Connection) -> None:
        self._order = order
        self._connection = connection
        self._channel = order.channel
        self._state = Path(order.site.history).parent
        self._sent: list[int] = []
        self._failed: list[int] = []
        self._lost_jobs: set[str] = set()
        self._taken: Taken | None = None
        self._error: FlowcronError | None = None
        programs = Programs(MachineProcesses().status_of)
        self._keys = Keys(os.environ, programs)
        self._sender = Sender(
            socket.gethostname(),
            "mailto" if order.channel is None else order.channel.name,
            order.site.config,
            identity(connection),
            zone_of(order.site.timezone),
        )
        self._targets = Targets(order.site, self._sender, self._keys, programs)

    def go(self) -> Answer:
        """Deliver everything and return what became of it."""
        alerts = self._facts()
        is_one = self._channel is not None and not self._channel.is_monitor
        for part in [alerts] if is_one else [[each] for each in alerts]:
            if self._deliver_or_not(part):
                self._sent += [each.row for each in part]
            else:
                self._failed += [each.row for each in part]
        return self._answer()

    def _deliver_or_not(self, alerts: Sequence[Facts]) -> bool:
        """Return whether these were taken; pings of a job stay in their order."""
        job = alerts[0].job
        is_down = isinstance(self._error, DeliveryError) and self._error.is_down
        if is_down or job in self._lost_jobs:
            return False
        try:
            self._taken = self._deliver(alerts)
        except FlowcronError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 one channel must not end what delivers
            self._error = _mistake(error)
        else:
            return True
        self._lost_jobs.add(job)
        return False

    def _deliver(self, alerts: Sequence[Facts]) -> Taken:
        if self._channel is None:
            letter = printed(self._connection, self._state, alerts[0], self._sender)
            return self._targets.mail(letter, tuple(alerts[0].details["to"]))
        if self._channel.is_monitor:
            return self._targets.ping(alerts[0], self._channel, self._order.target)
        digest = is_digest([each.created_at for each in alerts], now=clock.now())
        message = compose(alerts, self._sender, digest=digest)
        return self._targets.deliver(message, self._channel, self._order.target)

    def _facts(self) -> list[Facts]:
        now, channel = clock.now(), self._channel
        if not self._order.rows:
            job = _TESTED if channel is not None and channel.is_monitor else ""
            return [Facts(0, Event.TEST, f"test of [alerts.{self._sender.channel}]", now, job=job)]
        output = channel is None or channel.output
        return [
            facts_of(self._connection, self._state, alert, now=now, output=output)
            for alert in alerts_numbered(self._connection, self._order.rows)
        ]

    def _answer(self) -> Answer:
        """Return what became of it, without any secret."""
        error, taken = self._error, self._taken
        wish = error.retry_after if isinstance(error, DeliveryError) else None
        return Answer(
            tuple(self._sent),
            tuple(self._failed),
            via=None if taken is None else taken.via,
            error=None if error is None else self._keys.safe(error.message),
            hint=None if error is None else self._keys.safe(error.hint),
            note=None if taken is None else self._keys.safe(taken.note),
            retry_after=None if wish is None else wish.total_seconds(),
        )


def _mistake(error: Exception) -> FlowcronError:
    """Return a mistake of flowcron's as an error, without what it says: that may be a secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    message = f"flowcron or a library of its made a mistake: {type(error).__name__} in {place}"
    return FlowcronError(message, hint="please report it, with the version of flowcron")
