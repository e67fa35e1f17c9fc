"""`flowcron why`: why a job did or did not run at a time."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import NoConfigError, Session, pass_session
from flowcron.cli.jobs import configured_jobs
from flowcron.cli.nextdays import day_and_year
from flowcron.cli.pick import no_such_job
from flowcron.cli.text import Span
from flowcron.cli.whynone import Absence, Neighbours, neighbours, why_none
from flowcron.cli.whysteps import Step, steps_of
from flowcron.cli.words import SYMBOLS, result
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.snapshot import job_from
from flowcron.domain.times import clock_time, iso, local
from flowcron.errors import ConfigError
from flowcron.history import ledger
from flowcron.history.known import job_names, last_definition
from flowcron.history.query import RunRow

FIELDS = ("job", "at", "state", "reason", "run", "steps", "before", "after")
_SIGNS: dict[str, Span] = {
    Absence.DUE: Span("○", "dim"),
    Absence.MISSED: Span("!", "late"),
    Absence.UNDECIDED: Span("!", "late"),
}
_NARROWEST = 24


@dataclass(frozen=True, slots=True)
class Explained:
    """A time of a job, what became of it, and how that came about."""

    job: str
    at: Instant
    state: str
    reason: str | None
    run: RunRow | None
    steps: tuple[Step, ...]
    around: Neighbours


@as_command(
    name="why",
    examples=(
        "flowcron why backup",
        'flowcron why backup --at "wed 03:00"',
        "flowcron why backup --at 2026-11-18T03:00 --json",
    ),
    fields=FIELDS,
)
@click.argument("job", metavar="JOB")
@click.option("--at", "at", metavar="TIME", help="The time that is meant; 2h is two hours ago.")
@pass_session
def command(session: Session, *, job: str, at: str | None) -> None:
    """Show why a job did or did not run at a time; without one, at its last."""
    known = _job_named(session, job)
    asked = session.time(at, "--at")
    explained = _explained(session, known, _last(session, known) if asked is None else asked)
    if not session.is_for_people:
        session.document(_document(session, explained))
        return
    _write(session, explained)
    before = explained.around.before
    if explained.state == Absence.NOT_DUE and before is not None:
        session.screen.line()
        _write(session, _explained(session, known, before))


def _explained(session: Session, job: Job, at: Instant) -> Explained:
    around = neighbours(job, at)
    found = ledger.runs_at(session.history, job.name, at)
    if not found:
        none = why_none(session, job, at)
        return Explained(job.name, at, none.state, none.reason, none.run, none.steps, around)
    steps = [
        Step(other.recorded_at, f"run {other.id} had this time before the clock was set back")
        for other in found[1:]
    ]
    steps = sorted([*steps, *steps_of(session, found[0])], key=lambda step: step.at)
    return Explained(job.name, at, found[0].state, found[0].reason, found[0], tuple(steps), around)


def _last(session: Session, job: Job) -> Instant:
    """Return the last time of a job: by its schedule, or the one that was recorded last."""
    before = neighbours(job, Instant(session.now + 1)).before
    newest = ledger.newest_scheduled(session.history, job.name)
    recorded = None if newest is None else newest.at
    return max((at for at in (before, recorded) if at is not None), default=session.now)


def _write(session: Session, explained: Explained) -> None:
    """Write a headline, and below it what happened."""
    _write_headline(session, explained)
    clocks = [_clock(session, step.at, explained.at) for step in explained.steps]
    column = max(map(len, clocks), default=0)
    for clock, step in zip(clocks, explained.steps, strict=True):
        _write_step(session, f"  {clock:>{column}}   ", step.text)
    if explained.run is not None:
        session.hint(f"flowcron show {explained.run.id}")


def _write_headline(session: Session, explained: Explained) -> None:
    run, when = explained.run, _day_and_clock(session, explained.at)
    name = Span(f" {explained.job}", "strong")
    if run is not None and run.at == explained.at:
        said = result(run, session.now)
        session.screen.line(
            SYMBOLS[run.state], name, f" · run {run.id} · {when} · ", *said, fit=True
        )
        return
    session.screen.line(_SIGNS.get(explained.state, Span("—", "dim")), name, f" · {when}")
    for line in _wrapped(session, explained.reason or "", indent=2):
        session.screen.line(f"  {line}")


def _write_step(session: Session, front: str, text: str) -> None:
    """Write what happened beside its time, or below it where the screen is very narrow."""
    room = session.screen.room
    if room is not None and room - len(front) < _NARROWEST:
        session.screen.line(Span(front.rstrip(), "dim"))
        front = ""
    indent = " " * (len(front) or 4)
    for number, line in enumerate(_wrapped(session, text, indent=len(indent))):
        session.screen.line(Span(indent if number else front or indent, "dim"), line)


def _wrapped(session: Session, text: str, *, indent: int) -> list[str]:
    room = session.screen.room
    return [text] if room is None else textwrap.wrap(text, max(room - indent, _NARROWEST))


def _day_and_clock(session: Session, at: Instant) -> str:
    when = local(at, session.zone)
    return f"{day_and_year(when, local(session.now, session.zone))} {clock_time(when)}"


def _clock(session: Session, at: Instant, about: Instant) -> str:
    """Return when a step was: with its day where that is another."""
    when = local(at, session.zone)
    if when.date() == local(about, session.zone).date():
        return f"{when:%H:%M:%S}"
    return f"{day_and_year(when, local(session.now, session.zone))} {when:%H:%M:%S}"


def _document(session: Session, explained: Explained) -> dict[str, Any]:
    return {
        "schema": "flowcron.why/1",
        "job": explained.job,
        "at": iso(explained.at, session.zone),
        "state": explained.state,
        "reason": explained.reason,
        "run": None if explained.run is None else explained.run.id,
        "steps": [
            {"at": iso(step.at, session.zone), "text": step.text} for step in explained.steps
        ],
        "before": iso(explained.around.before, session.zone),
        "after": iso(explained.around.after, session.zone),
    }


def _job_named(session: Session, name: str) -> Job:
    """Return a job as it is configured, or as it was when it was configured last."""
    try:
        configured = {job.name: job for job in configured_jobs(session)}
    except (ConfigError, NoConfigError):
        configured = {}
    if name in configured:
        return configured[name]
    body = last_definition(session.history, name)
    if body is None:
        raise no_such_job(name, [*configured, *job_names(session.history)])
    return job_from(name, body)
