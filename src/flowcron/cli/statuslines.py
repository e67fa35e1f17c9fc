"""The sections of `status`: a heading with a count, and a line for each of a few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flowcron.cli.context import Session, since
from flowcron.cli.jobs import JobView
from flowcron.cli.statusalerts import since_text, told_text
from flowcron.cli.text import Line, Span, width
from flowcron.cli.words import SYMBOLS, took
from flowcron.domain.instant import Instant
from flowcron.domain.run import State
from flowcron.domain.times import away, coarse, relative, short
from flowcron.domain.usual import Usual
from flowcron.history.alerts import OpenIncident
from flowcron.history.query import RunRow

_HEADING = 12
_MOST = 10
_BAR = 20


def section(session: Session, title: str, lines: Sequence[Line], *, counted: bool = True) -> None:
    """Write a heading, with how many there are where that says something, and the first lines."""
    heading = f"{title} {len(lines)}" if counted else title
    for number, line in enumerate(lines[:_MOST] or [()]):
        front = Span(f"{heading if not number else '':<{_HEADING}}", "" if number else "strong")
        session.screen.line(front, *line, fit=True)
    if len(lines) > _MOST:
        rest = f"{'':<{_HEADING}}… and {len(lines) - _MOST} more"
        session.screen.line(Span(rest, "dim"))


def open_line(session: Session, run: RunRow, *, usual: Usual | None, room: int) -> Line:
    """Return a line about a run that is not over; what it is called takes `room` cells."""
    blank = " " * (room - width(run_name(run)))
    line = [Span(run.job, "strong"), Span(f" {run.id}{blank}   ")]
    if run.started_at is None:
        why = f" · waits for {run.waits}" if run.waits else ""
        return (*line, Span(f"queued {relative(run.at, session.now)}{why}"))
    going = since(run.started_at, session.now)
    if run.state == State.RETRYING:
        line += [Span(f"{run.reason or 'failed'}   ", SYMBOLS[run.state].style)]
        line += [Span(_retry(session, run))]
    else:
        line += [Span(took(going))]
        line += _progress(going, usual.median) if usual else []
        line += [Span("   slow", "late")] if run.slow_at is not None else []
    return (*line, Span(f"   try {run.attempts}/{run.tries}", "dim"))


def paused_line(session: Session, view: JobView) -> Line:
    """Return a line about a job that somebody paused: until when, why and who."""
    pause = view.pause
    if pause is None:
        return ()
    until = "until it is resumed"
    if pause.until is not None:
        until = f"until {short(pause.until, session.now, session.zone)}"
    why = f' · "{pause.reason}"' if pause.reason else ""
    return Span(view.job.name, "strong"), Span(f"   {until}{why} ({pause.by})")


def failing_line(
    session: Session, view: JobView, *, incident: OpenIncident | None, room: int
) -> Line:
    """Return a line about a job whose last run failed; its name takes `room` cells."""
    last, failures = view.recent.last, view.recent.failures
    reason = (last.reason or last.state) if last else ""
    when = relative(last.at, session.now) if last else ""
    row = f"{failures} in a row · " if failures > 1 else ""
    if incident is not None:
        row = f"{incident.failures} in a row {since_text(session, incident)} · "
        row = row if incident.failures > 1 else ""
        when = told_text(session, incident) or when
    muted = () if view.mute is None else (Span(" · muted", "dim"),)
    blank = " " * (room - width(view.job.name) + 3)
    return (
        Span(view.job.name, "strong"),
        Span(f"{blank}{row}{reason}", "failed"),
        Span(f" · {when}"),
        *muted,
    )


def run_name(run: RunRow) -> str:
    """Return what a run is called in these lines."""
    return f"{run.job} {run.id}"


def next_line(session: Session, times: Sequence[tuple[Instant, str]]) -> None:
    """Write what is due next."""
    said = [f"{job} in {away(-since(at, session.now))}" for at, job in times]
    text = " · ".join(said) or "nothing"
    session.screen.line(Span(f"{'NEXT':<{_HEADING}}", "strong"), text, fit=True)


def _retry(session: Session, run: RunRow) -> str:
    if run.retry_at is None or run.retry_at <= session.now:
        return "retry now"
    return f"retry in {coarse(-since(run.retry_at, session.now))}"


def _progress(going: timedelta, usual: timedelta) -> list[Span]:
    done = min(_BAR, int(_BAR * (going / usual))) if usual else 0
    return [
        Span(f" of ~{coarse(usual)}  "),
        Span("█" * done, "running"),
        Span("░" * (_BAR - done), "dim"),
    ]
