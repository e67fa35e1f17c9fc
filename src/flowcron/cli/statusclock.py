"""The line of `status` that says whether runs start on time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flowcron.cli.context import Session
from flowcron.cli.facts import fact
from flowcron.cli.text import Span
from flowcron.cli.words import grouped
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import SECOND, instant
from flowcron.domain.times import clock_time, iso, local
from flowcron.history.delays import MOST, Delay, worst_delay

_ON_TIME = 2 * SECOND


def delay_today(session: Session) -> Delay | None:
    """Return the worst delay of a run that was due today, where times are shown."""
    midnight = local(session.now, session.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return worst_delay(session.history, instant(midnight))


def write_clock(session: Session, delay: Delay | None) -> None:
    """Write "clock  on time, worst start delay today 0.4s (ping 11:04:30)"."""
    if delay is None:
        fact(session.screen, "clock", "no job was due today")
        return
    is_late = delay.delay > _ON_TIME
    verdict = Span("late" if is_late else "on time", "late" if is_late else "")
    span = "today" if delay.is_whole else f"of the last {grouped(MOST)} runs"
    when = local(delay.scheduled_at, session.zone)
    length = human_duration(timedelta(microseconds=delay.delay))
    said = f", worst start delay {span} {length} ({delay.job} {clock_time(when)})"
    fact(session.screen, "clock", (verdict, Span(said)))


def delay_record(session: Session, delay: Delay | None) -> dict[str, Any] | None:
    """Return the same for programs; the delay is in seconds."""
    if delay is None:
        return None
    return {
        "delay": delay.delay / SECOND,
        "job": delay.job,
        "scheduled_at": iso(delay.scheduled_at, session.zone),
        "is_whole_day": delay.is_whole,
    }
