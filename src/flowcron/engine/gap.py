"""After a damaged history: what nobody knows is recorded as such, and not done a second time."""

from __future__ import annotations

from flowcron.domain.instant import Instant
from flowcron.domain.job import OnLost
from flowcron.domain.planner import UNKNOWN, Decision, plan_unknown
from flowcron.domain.run import State
from flowcron.engine.book import Entry
from flowcron.engine.claims import new_run
from flowcron.engine.report import Kind
from flowcron.engine.turn import Turn
from flowcron.history import record
from flowcron.history.forgotten import forget_open
from flowcron.history.origin import nothing_is_unknown, unknown_since


def settle_gap(turn: Turn, boot: str) -> None:
    """Close the gap between a backup and now, once, before anything else is decided.

    Runs that were not over in the backup are lost, requests that waited in it are withdrawn, and
    for the times since then each job gets one row. A job with `on_lost = "rerun"` asks for its
    runs to be repeated rather than lost: its times are made up as if they had been missed.
    """
    if unknown_since(turn.db) is None:
        return
    forgotten = forget_open(turn.db, at=turn.now, reason=UNKNOWN)
    jobs = sum(_settle(turn, entry, boot) for entry in turn.book.entries.values())
    nothing_is_unknown(turn.db)
    turn.say(
        Kind.WARNING,
        "nobody knows what ran until now: recorded as lost, and not run again, are the runs that "
        f"were not over ({forgotten}) and the times that have passed (jobs: {jobs})",
    )


def _settle(turn: Turn, entry: Entry, boot: str) -> bool:
    """Record what nobody knows of a job; return whether there is anything."""
    entry.boot = boot
    record.booted(turn.db, entry.id, boot=boot)
    if entry.job.on_lost is OnLost.RERUN:
        return False
    if entry.rest is not None:
        turn.book.rest(entry, since=turn.now)
        _record(turn, entry, Decision(turn.now, State.LOST, reason=UNKNOWN))
        return True
    due = Instant(turn.now - entry.delay)
    answer = plan_unknown(entry.schedules, cursor=entry.cursor, now=due)
    for decision in answer.decisions:
        _record(turn, entry, decision)
    entry.cursor = answer.decided_through
    record.decided(turn.db, entry.id, through=entry.cursor)
    return bool(answer.decisions)


def _record(turn: Turn, entry: Entry, decision: Decision) -> None:
    """Record a time, without any of the consequences that its end would have."""
    run = record.claim(turn.db, new_run(turn, entry, decision))
    if run is not None:
        record.run_closed(turn.db, run, state=State.LOST, at=turn.now, reason=decision.reason)
