"""The failures in a row that a run is one of, and who was told of it."""

from __future__ import annotations

from flowcron.cli.alertwords import told_line
from flowcron.cli.context import Session
from flowcron.cli.facts import fact
from flowcron.domain.instant import Instant
from flowcron.domain.times import day, local
from flowcron.history.alerts import Streak, alerts_of_run, streak_of_run
from flowcron.history.query import RunRow


def write_told(session: Session, run: RunRow) -> None:
    """Write the incident that a run is in, and who was told of it and when."""
    streak = streak_of_run(session.history, run.id)
    told = alerts_of_run(session.history, run.id)
    if streak is None and not told:
        return
    session.screen.line()
    if streak is not None:
        fact(session.screen, "incident", _said(session, streak))
    fact(session.screen, "alerts", *(told_line(row, session.now, session.zone) for row in told))


def _said(session: Session, streak: Streak) -> str:
    """Return "3 failures in a row since Wed 18 Nov 07:02", or until when."""
    many = "1 failure" if streak.failures == 1 else f"{streak.failures} failures in a row"
    begun = _day_and_clock(session, streak.since)
    if streak.until is None:
        return f"{many} since {begun}"
    return f"{many}, from {begun} to {_day_and_clock(session, streak.until)}"


def _day_and_clock(session: Session, at: Instant) -> str:
    when = local(at, session.zone)
    return f"{day(when)} {when:%H:%M}".replace("  ", " ")
