"""Runs that take much longer than usual, or much less, or write much less than usual."""

from __future__ import annotations

from datetime import timedelta

from flowcron.domain.alerting import Event
from flowcron.domain.duration import human_duration
from flowcron.domain.size import human_size
from flowcron.domain.usual import is_unusually_quiet, is_unusually_short, longest_usual
from flowcron.engine.alerts import tell
from flowcron.engine.book import Live
from flowcron.engine.report import Kind
from flowcron.engine.turn import Turn
from flowcron.history.usual import habit


def watch_for_slow(turn: Turn, live: Live) -> None:
    """Have a run that has started noticed when it goes on for too long, by rule or by habit."""
    limits = [live.job.slow_after]
    if live.job.unusual is not None:
        limits.append(longest_usual(habit(turn.db, live.job_id), live.job.unusual))
    known = [limit for limit in limits if limit is not None]
    if known:
        turn.book.watch_for_slow(live, after=min(known))


def look_back(turn: Turn, live: Live, *, took: timedelta, wrote: int) -> None:
    """Tell of a run that went well with much less than usual; call it before it is recorded."""
    factor = live.job.unusual
    usual = None if factor is None else habit(turn.db, live.job_id)
    if factor is None or usual is None:
        return
    if is_unusually_short(took, usual, factor):
        text = f"took only {human_duration(took)}, usually {human_duration(usual.length)}"
    elif is_unusually_quiet(wrote, usual, factor):
        text = f"wrote only {human_size(wrote)}, usually {human_size(usual.output)}"
    else:
        return
    turn.say(Kind.SLOW, text, live)
    tell(turn, live.job, Event.SLOW, text, job_id=live.job_id, run=live.run)
