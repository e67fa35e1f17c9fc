"""What a run is a part of: the run before it, the failures in a row, and who was told."""

from __future__ import annotations

from flowcron.cli.alertwords import told_line
from flowcron.cli.context import Session, since
from flowcron.cli.facts import fact
from flowcron.cli.text import Span
from flowcron.cli.words import SYMBOLS
from flowcron.domain.instant import Instant
from flowcron.domain.times import coarse, day, local
from flowcron.history.alerts import Streak, alerts_of_run, streak_of_run
from flowcron.history.query import RunRow, previous_run


def write_around(session: Session, run: RunRow) -> None:
    """Write what was before a run, the incident that it is in, and who was told of it."""
    before, streak = previous_run(session.history, run), streak_of_run(session.history, run.id)
    told = alerts_of_run(session.history, run.id)
    if before is None and streak is None and not told:
        return
    session.screen.line()
    if before is not None:
        when = f" {coarse(since(before.at, run.at))} before (run {before.id})"
        fact(session.screen, "before", (SYMBOLS[before.state], Span(f" {before.state}{when}")))
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
