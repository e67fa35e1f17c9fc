"""What a clock that was set means for jobs: semantics, rule 17."""

from __future__ import annotations

import heapq
from datetime import timedelta

from flowcron.domain.duration import human_duration
from flowcron.domain.instant import SECOND, Instant, micros
from flowcron.domain.run import State
from flowcron.engine.book import Entry
from flowcron.engine.report import Kind
from flowcron.engine.schedules import is_at
from flowcron.engine.turn import Turn
from flowcron.history import incidents, record
from flowcron.history.ledger import CLOCK_STEP

CORRECTION = micros(timedelta(hours=3))  # as in cron(8): a larger change is no daylight saving


def clock_stepped(turn: Turn, step: int) -> None:
    """Take notice that the wall clock was set by `step` microseconds.

    Forward is downtime: the planner finds what was missed. Backward begins a new generation of
    each job, so that a time that comes again is another one.
    """
    way = "forward" if step > 0 else "back"
    length = timedelta(seconds=round(abs(step) / SECOND))  # an hour is measured as 59:59.99997
    text = f"the clock was set {way} by {human_duration(length)}"
    record.event(turn.db, CLOCK_STEP, text, at=turn.now)
    turn.say(Kind.WARNING, text)
    _move_waits(turn, step)
    if step < 0:
        for entry in turn.book.entries.values():
            set_back(turn, entry, by=-step)


def set_back_while_down(turn: Turn, *, tolerance: int) -> None:
    """Treat cursors in the future as what they are: the clock was set back while nobody looked."""
    for entry in turn.book.entries.values():
        if entry.cursor is not None and entry.cursor - turn.now > tolerance:
            text = f"the clock is behind the last decision about {entry.job.name}"
            record.event(turn.db, CLOCK_STEP, text, at=turn.now)
            set_back(turn, entry, by=entry.cursor - turn.now)


def set_back(turn: Turn, entry: Entry, *, by: int) -> None:
    """Begin a new generation of a job.

    After a small step fixed times wait until the clock passes where it was, so that none runs
    twice; wildcards and periods go on at once. After a large one everything does.
    """
    if is_at(entry.job):  # each of its times comes once, whatever the clock says
        return
    entry.generation += 1
    if by > CORRECTION or all(schedule.wildcard for schedule in entry.schedules):
        entry.cursor = turn.now
    record.new_generation(
        turn.db, entry.id, generation=entry.generation, through=entry.cursor or turn.now
    )


def _move_waits(turn: Turn, step: int) -> None:
    """Keep the length of waits and rests: they are real time, kept on the wall clock."""
    for entry in turn.book.entries.values():
        if entry.rests_until is not None:
            turn.book.rest(entry, since=Instant(entry.rests_until + step - (entry.rest or 0)))
    waiting = [live for live in turn.book.live.values() if live.state is State.RETRYING]
    for live in waiting:
        live.retry_at = Instant((live.retry_at or turn.now) + step)
        record.retry_moved(turn.db, live.run, to=live.retry_at)
    turn.book.retries = [(live.retry_at or turn.now, live.run) for live in waiting]
    heapq.heapify(turn.book.retries)
    incidents.deliveries_moved(turn.db, step)
