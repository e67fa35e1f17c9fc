"""Jobs that rest after each run: `every` with `every_from = "end"`."""

from __future__ import annotations

from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Missed
from flowcron.domain.planner import Decision
from flowcron.domain.run import State, Trigger
from flowcron.engine.book import Entry
from flowcron.engine.claims import claim_time
from flowcron.engine.turn import Turn
from flowcron.history import record

_ON_TIME = 60 * SECOND


def begin_rested(turn: Turn, entry: Entry, due: Instant) -> None:
    """Record the run of a job whose rest is over; it starts however late that is noticed."""
    rest = entry.rest or 0
    late = turn.now - due > min(rest, _ON_TIME)
    decision = Decision(due, State.QUEUED, Trigger.CATCH_UP if late else Trigger.SCHEDULE)
    if late and entry.job.missed is Missed.SKIP:
        decision = Decision(due, State.MISSED, reason='missed = "skip"')
    record.decided(turn.db, entry.id, through=turn.now)
    if not claim_time(turn, entry, decision):
        turn.book.rest(entry, since=turn.now)
