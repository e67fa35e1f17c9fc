"""One cron expression: in English, drawn and explained, and its times day by day."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from flowcron.cli.context import Session
from flowcron.cli.describe import expression_text, schedule_text
from flowcron.cli.nextdays import Day, days_in_short, days_of
from flowcron.cli.nextfields import day_rule, drawing, how_often
from flowcron.cli.nextfires import Fire
from flowcron.cli.text import Span, width
from flowcron.domain.cron import NICKNAMES, CronExpression
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.times import day, local

_INDENT = "  "
_GAP = "    "
_UNLIMITED = 100
_NARROWEST = 24
_NOTE = "   "
_LONGEST_NAME = len("  Sun 22 Nov 2026  ")


def write_expression(
    session: Session, job: Job, expression: CronExpression | None, *, after: Instant
) -> None:
    """Write what an expression means; `after` is where its times are looked for."""
    english = schedule_text(job) if expression is None else expression_text(expression)
    _write_beside(session, job.name, english)
    if expression is None:
        return
    text = NICKNAMES.get(job.name, job.name)
    if text != job.name:
        session.screen.line(_INDENT, Span(text, "strong"))
    lines = list(drawing(text, expression))
    often = how_often(expression, after)
    fits = len(lines[0]) + len(_INDENT + _GAP + often) <= _room(session)
    beside = Span(_GAP + often if fits else "", "strong")
    session.screen.line(_INDENT + lines[0], beside, fit=True)
    for line in lines[1:]:
        session.screen.line(_INDENT + line, fit=True)
    for said in (None if fits else often, day_rule(expression)):
        if said:
            session.screen.line()
            _write_wrapped(session, said, indent=_INDENT)


def write_all_days(session: Session, fires: Iterable[Fire]) -> None:
    """Write these times, all of them."""
    _write_days(session, list(days_of(fires, session.zone, reader=session.zone_name)))


def write_next_days(session: Session, job: Job, *, after: Instant) -> None:
    """Write the next days with times; what does not fit into a line is left out of its middle."""
    room = _room(session) - _LONGEST_NAME
    days = days_in_short(job, after, session.zone, room=room, reader=session.zone_name)
    _write_days(session, list(days))


def _write_days(session: Session, days: Sequence[Day]) -> None:
    if days:
        session.screen.line()
    this_year = local(session.now, session.zone).year
    with_year = any(each.first.year != this_year for each in days)
    for each in days:
        year = f" {each.first.year}" if with_year else ""
        _write_day(session, each, name=f"{_INDENT}{day(each.first)}{year}  ")


def _write_day(session: Session, each: Day, *, name: str) -> None:
    """Write a day, and what the clocks do beside its times or below them."""
    room = max(_room(session) - len(name), len(each.times[0]))
    lines = textwrap.wrap(" ".join(each.times), room)
    notes = list(each.notes)
    for number, line in enumerate(lines):
        beside = ""
        if notes and len(lines) == 1 and len(line + _NOTE + notes[0]) <= room:
            beside = _NOTE + notes.pop(0)
        head = " " * len(name) if number else name
        session.screen.line(Span(head, "strong"), line, Span(beside, "late"))
    for note in notes:
        _write_wrapped(session, note, indent=" " * len(name), style="late")


def _write_beside(session: Session, text: str, english: str) -> None:
    """Write an expression and what it means, one below the other where they are too long."""
    if len(_INDENT + text + _GAP) + width(english) <= _room(session):
        session.screen.line(_INDENT, Span(text, "strong"), _GAP, english)
        return
    _write_wrapped(session, english, indent=_INDENT)
    session.screen.line(_INDENT, Span(text, "strong"), fit=True)


def _write_wrapped(session: Session, text: str, *, indent: str, style: str = "") -> None:
    room = max(_room(session) - len(indent), _NARROWEST)
    for line in textwrap.wrap(text, room):
        session.screen.line(indent, Span(line, style))


def _room(session: Session) -> int:
    return session.screen.room or _UNLIMITED
