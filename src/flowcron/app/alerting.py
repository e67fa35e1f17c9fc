"""The sender: delivers what is due in the outbox, by processes of its own and never in the loop.

It sleeps until something is due: whoever has written the outbox lets it look. What was delivered
the process that did it marks itself; here is written what has failed, and when to try again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from flowcron.alerts.order import Answer, Order, Site
from flowcron.app.courier import deliver, too_late
from flowcron.app.errands import Errands, Wakes
from flowcron.config.config import Config
from flowcron.domain.alerting import Event
from flowcron.domain.channel import Channel
from flowcron.domain.delivery import Hold, Send, Waiting, after_failure, next_in_lane
from flowcron.domain.instant import Instant, micros
from flowcron.faults import reach
from flowcron.history import outbox
from flowcron.history.database import Connection, transaction
from flowcron.history.outbox import Lane
from flowcron.system import clock
from flowcron.system.programs import Programs

AT_ONCE = 4
LEASE = timedelta(seconds=30)  # by then whoever sends has ended, whatever happens
_GIVEN_UP = 20.0  # seconds, should not even a thread come back
_TURN = 0.02  # seconds between two looks whether something has been delivered
_MAIL = "email"  # the target of what jobs print
_UNTOLD = (Event.SCHEDULER, Event.TEST)  # of which it is not told that they are lost


@dataclass(frozen=True, slots=True)
class Heard:
    """Who hears of the sender's work.

    `over` is called after each delivery, with what it was and what became of it, `lost` with a
    sentence about what was given up.
    """

    over: Callable[[Lane, Sequence[Waiting], Answer], None]
    lost: Callable[[str], None]


class Alerting:
    """Delivers what is due: a few messages at once, and one at a time in each lane."""

    def __init__(
        self,
        history: Connection,
        path: Path,
        programs: Programs,
        *,
        wakes: Wakes,
        heard: Heard,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._history = history
        self._path = path
        self._programs = programs
        self._heard = heard
        self._luck = luck
        self._errands = Errands(at_once=AT_ONCE, patience=_GIVEN_UP, wakes=wakes)
        self._busy: set[Lane] = set()
        self._channels: Mapping[str, Channel] = {}
        self._site = Site(str(path), "", "UTC")

    def use(self, config: Config) -> None:
        """Deliver from now on as this configuration says."""
        self._channels = {channel.name: channel for channel in config.channels}
        where = str(config.path), config.timezone
        self._site = Site(str(self._path), *where, config.smtp, config.sentry)

    def look(self) -> Instant | None:
        """Begin to deliver what is due, and return when something is due after that."""
        now = clock.now()
        due = outbox.next_due(self._history)
        if due is None:
            return None
        if due <= now:
            self._begin(now)
        return outbox.next_due(self._history, after=now)

    def flush(self, runs: Sequence[int]) -> None:
        """Try once to deliver what is told of these runs, and wait for it: 15 s a message."""
        with transaction(self._history):
            outbox.release_of_runs(self._history, runs, at=clock.now())
            self._address()
            lanes = outbox.lanes_of_runs(self._history, runs)
        while lanes or self._busy:
            lanes = self._begin(clock.now(), only=lanes)
            self._errands.settle()
            time.sleep(_TURN)

    def _begin(self, now: Instant, *, only: AbstractSet[Lane] | None = None) -> set[Lane]:
        """Begin what is due, and return the lanes for which there is no room now."""
        batches: list[tuple[Lane, Send]] = []
        left: set[Lane] = set()
        lost: list[str] = []
        if not self._free(now, only):
            return left
        with transaction(self._history):
            self._address()
            for lane, rows in self._free(now, only).items():
                if len(self._busy) + len(batches) == AT_ONCE:
                    left.add(lane)
                elif not self._leads_somewhere(lane, rows):
                    answer = Answer(error=f"there is no [alerts.{lane.channel}] any more")
                    lost += self._failed(lane, rows, answer, now)
                elif (batch := self._taken(lane, rows, now)) is not None:
                    batches.append((lane, batch))
        for lane, batch in batches:
            reach("alert-leased")
            self._send(lane, batch.rows)
        self._tell(lost)
        return left

    def _free(self, now: Instant, only: AbstractSet[Lane] | None) -> dict[Lane, list[Waiting]]:
        """Return what waits in the lanes in which something is due and nothing is on its way."""
        return {
            lane: rows
            for lane, rows in outbox.due_lanes(self._history, now=now).items()
            if lane not in self._busy and (only is None or lane in only)
        }

    def _address(self) -> None:
        """Give what is new to the targets of its channel."""
        for name, is_mail in outbox.unaddressed(self._history):
            channel = self._channels.get(name)
            targets = (_MAIL,) if is_mail else () if channel is None else channel.targets
            if targets:
                outbox.address(self._history, name, targets)

    def _leads_somewhere(self, lane: Lane, rows: Sequence[Waiting]) -> bool:
        return rows[0].event is Event.MAIL or (
            lane.target is not None and lane.channel in self._channels
        )

    def _taken(self, lane: Lane, rows: Sequence[Waiting], now: Instant) -> Send | None:
        """Take what is to be delivered in a lane now; hold what has to wait."""
        channel = self._channels.get(lane.channel)
        limit = None if channel is None else channel.limit
        sent: Sequence[Instant] = ()
        if limit is not None:
            since = Instant(now - micros(limit.per))
            sent = outbox.sent_since(self._history, lane, since=since)
        match next_in_lane(rows, channel, now=now, sent=sent):
            case Send(rows=chosen):
                until = Instant(now + micros(LEASE))
                numbers = [row.id for row in chosen]
                mine = outbox.lease(self._history, numbers, now=now, until=until)
                return Send(tuple(row for row in chosen if row.id in mine)) if mine else None
            case Hold(rows=held, until=until):
                outbox.hold(self._history, [row.id for row in held], until=until)
                return None
            case None:
                return None

    def _send(self, lane: Lane, rows: tuple[Waiting, ...]) -> None:
        """Have it delivered; the loop goes on."""
        self._busy.add(lane)
        numbers = tuple(row.id for row in rows)
        is_mail = rows[0].event is Event.MAIL
        channel = None if is_mail else self._channels[lane.channel]
        order = Order(self._site, lane.target or "", channel, numbers)
        self._errands.begin(
            partial(deliver, self._programs, order),
            partial(self._over, lane, rows),
            late=too_late(numbers),
        )

    def _over(self, lane: Lane, rows: tuple[Waiting, ...], answer: Answer) -> None:
        """Write down what became of it, and look for more."""
        self._busy.discard(lane)
        now = clock.now()
        with transaction(self._history):
            if answer.sent:  # marked already, unless that could not be written
                via = answer.via or ""
                outbox.sent(self._history, answer.sent, at=now, via=via, note=answer.note)
                outbox.hurry(self._history, lane, at=now)
            failed = [row for row in rows if row.id in answer.failed]
            lost = self._failed(lane, failed, answer, now)
        self._heard.over(lane, rows, answer)
        self._tell(lost)

    def _failed(
        self, lane: Lane, rows: Sequence[Waiting], answer: Answer, now: Instant
    ) -> list[str]:
        """Write down that these could not be delivered, and return what is given up, in words."""
        channel = self._channels.get(lane.channel)
        not_before = outbox.retried_at(self._history, lane)
        wish = None if answer.retry_after is None else timedelta(seconds=answer.retry_after)
        luck, dead = self._luck(), 0
        for row in rows:
            became = after_failure(
                row, channel, now=now, luck=luck, asked=wish, not_before=not_before
            )
            error = answer.error or "nobody knows why"
            outbox.failed(self._history, row.id, became, at=now, error=error, via=answer.via)
            if became.falls_back and channel is not None and channel.fallback is not None:
                outbox.fall_back(self._history, row.id, channel.fallback, at=now)
            dead += became.again_at is None and row.event not in _UNTOLD
        if not dead:
            return []
        many = "an alert" if dead == 1 else f"{dead} alerts"
        return [f"{many} could not be delivered to {lane.name} for a day: {answer.error}"]

    def _tell(self, lost: Iterable[str]) -> None:
        for text in lost:
            self._heard.lost(text)
