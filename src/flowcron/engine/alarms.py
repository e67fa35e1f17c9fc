"""What is due at a time that no schedule has: retries, the ends of rests, runs that take long."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from flowcron.domain.alerting import Event
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant
from flowcron.engine.admission import admit
from flowcron.engine.alerts import tell
from flowcron.engine.book import Book, Entry, Live
from flowcron.engine.reminders import remind
from flowcron.engine.report import Kind
from flowcron.engine.rests import begin_rested
from flowcron.engine.turn import Turn
from flowcron.faults import reach
from flowcron.history import record


class Alarms(NamedTuple):
    """What is due: runs to try again, jobs that have rested, runs that are slow, reminders."""

    retries: list[Live]
    rested: list[tuple[Entry, Instant]]
    slow: list[Live]
    reminders: bool

    def __bool__(self) -> bool:
        """Whether anything is due."""
        return bool(self.retries or self.rested or self.slow or self.reminders)


def alarms_due(book: Book, now: Instant, *, beginning: bool) -> Alarms:
    """Take what is due from the book; what begins something only while it may."""
    retries = book.retries_due(now) if beginning else []
    rested = book.rested(now) if beginning else []
    reminders = book.remind_at is not None and book.remind_at <= now
    return Alarms(retries, rested, book.slow(now), reminders)


def next_alarm(book: Book, *, beginning: bool) -> Instant | None:
    """Return when the next of them is due."""
    begins = (book.retries, book.rests) if beginning else ()
    waits = [heap[0][0] for heap in (*begins, book.slows) if heap]
    waits += [] if book.remind_at is None else [book.remind_at]
    return min(waits, default=None)


def go_off(turn: Turn, alarms: Alarms) -> None:
    """Do what is due."""
    for live in alarms.retries:
        reach("retry-due")
        admit(turn, live)
    for entry, since in alarms.rested:
        begin_rested(turn, entry, since)
    if alarms.reminders:
        remind(turn)
    for live in alarms.slow:
        record.run_is_slow(turn.db, live.run, at=turn.now)
        length = timedelta(microseconds=turn.now - (live.started_at or turn.now))
        text = f"still running after {human_duration(length)}"
        turn.say(Kind.SLOW, text, live)
        tell(turn, live.job, Event.SLOW, text, job_id=live.job_id, run=live.run)
