"""Times that are due, one a line: of several jobs as a table, of one job as a list."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from flowcron.cli.context import Session, since
from flowcron.cli.describe import schedule_text
from flowcron.cli.nextdays import day_and_year
from flowcron.cli.nextfires import Fire
from flowcron.cli.table import Column
from flowcron.cli.text import Line, Span
from flowcron.domain.duration import format_duration
from flowcron.domain.job import Job
from flowcron.domain.times import away, clock_time, coarse, local, short
from flowcron.history.pauses import Pause
from flowcron.history.usual import usuals

_COLUMNS = (
    Column("WHEN"),
    Column("", drop=1),
    Column("JOB", minimum=8),
    Column("WHAT", minimum=12),
)
_WORTH_SAYING = timedelta(minutes=1)
_GAP = "   "
_UNLIMITED = 200
_NARROWEST = 24


def write_table(
    session: Session, jobs: Iterable[Job], fires: Sequence[Fire], *, paused: Mapping[str, Pause]
) -> None:
    """Write times of several jobs."""
    named = {job.name: job for job in jobs}
    names = dict.fromkeys(fire.name for fire in fires)
    what = {name: _what(session, named[name]) for name in names}
    rows = [
        _row(session, fire, what[fire.name], is_paused=_is_paused(fire, paused)) for fire in fires
    ]
    session.screen.table(_COLUMNS, rows)


def write_list(session: Session, fires: Iterable[Fire], *, paused: Mapping[str, Pause]) -> None:
    """Write times of one job, each with what the clocks do to it."""
    for fire in fires:
        when = local(fire.at, session.zone)
        clock = f"{clock_time(when)} {when.tzname() or ''}".rstrip()
        said = f"{day_and_year(when, local(session.now, session.zone))} {clock}"
        notes = [fire.note(session.zone_name), "paused" if _is_paused(fire, paused) else None]
        _write_with_note(session, said, " · ".join(note for note in notes if note))


def _is_paused(fire: Fire, paused: Mapping[str, Pause]) -> bool:
    return fire.name in paused and paused[fire.name].holds(fire.at)


def _write_with_note(session: Session, said: str, note: str) -> None:
    """Write a note beside its time, or below it where the screen is narrow."""
    room = session.screen.room or _UNLIMITED
    if not note or len(said + _GAP + note) <= room:
        session.screen.line(said, Span(_GAP + note if note else "", "late"))
        return
    session.screen.line(said)
    for line in textwrap.wrap(note, max(room - len(_GAP), _NARROWEST)):
        session.screen.line(_GAP, Span(line, "late"))


def _row(session: Session, fire: Fire, what: str, *, is_paused: bool) -> tuple[Line, ...]:
    note = fire.note(session.zone_name)
    ahead = away(since(session.now, fire.at))
    return (
        (Span(short(fire.at, session.now, session.zone)),),
        (Span(f"in {ahead}" if fire.at >= session.now else f"{ahead} ago", "dim"),),
        (Span(fire.name, "strong"),),
        (
            Span("paused · " if is_paused else "", "dim"),
            Span(note, "late") if note else Span(what, "dim" if is_paused else ""),
        ),
    )


def _what(session: Session, job: Job) -> str:
    """Return when a job runs, and what else there is to know about its times."""
    parts = [schedule_text(job, zone=session.zone_name)]
    if job.jitter:
        parts.append(f"up to {format_duration(job.jitter)} later (jitter)")
    if job.command:
        usual = usuals(session.history, (job.name,)).get(job.name)
        if usual is not None and usual.median >= _WORTH_SAYING:
            parts.append(f"usually {coarse(usual.median)}")
    return " · ".join(parts)
