"""`flowcron next`: when jobs, or cron expressions, are due."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

import click

from flowcron.cli.clockchange import clock_change
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session, since
from flowcron.cli.describe import schedule_text
from flowcron.cli.jobs import configured_jobs, next_time
from flowcron.cli.pick import pick_jobs
from flowcron.cli.table import Column
from flowcron.cli.text import Line, Span
from flowcron.cli.times import away, iso, short
from flowcron.domain.instant import Instant
from flowcron.domain.job import Cron, Job
from flowcron.domain.schedule import ScheduleError, schedule_of

FIELDS = ("job", "at", "note")
_COLUMNS = (
    Column("WHEN"),
    Column("", drop=1),
    Column("JOB", minimum=8),
    Column("WHAT", minimum=12),
)
_DEFAULT = 10
_MOST = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Fire:
    """One time at which something is due."""

    at: Instant
    name: str


@as_command(
    name="next",
    examples=(
        "flowcron next",
        "flowcron next backup -n 5",
        'flowcron next "*/15 9-17 * * 1-5" --tz Europe/Berlin',
        "flowcron next --until 7d --json",
    ),
    fields=FIELDS,
)
@click.argument("what", metavar="[JOB|CRON]...", nargs=-1)
@click.option("-n", "limit", type=click.IntRange(1, _MOST), help="How many times.")
@click.option("--from", "begin", metavar="TIME", help="The times after this one; else after now.")
@click.option("--until", metavar="TIME", help="The times before this one.")
@pass_session
def command(
    session: Session,
    *,
    what: tuple[str, ...],
    limit: int | None,
    begin: str | None,
    until: str | None,
) -> None:
    """Show when jobs are due next; or a cron expression, in quotes."""
    begins = session.time(begin, "--from", ahead=True)
    ends = session.time(until, "--until", ahead=True)
    after = session.now if begins is None else begins
    jobs = {job.name: job for job in _meant(session, what)}
    if not what and limit is None and ends is None:
        fires = sorted(_first(jobs.values(), after))
    else:
        merged = heapq.merge(*(_times(job, after) for job in jobs.values()))
        bounded = takewhile(lambda fire: ends is None or fire.at < ends, merged)
        fires = list(islice(bounded, limit or (_DEFAULT if ends is None else _MOST)))
    _show(session, jobs, fires)


def _show(session: Session, jobs: dict[str, Job], fires: list[Fire]) -> None:
    if not session.is_for_people:
        records = [_record(session, fire, jobs[fire.name]) for fire in fires]
        session.records(records, FIELDS, document={"schema": "flowcron.next/1", "fires": []})
    elif fires:
        session.screen.table(_COLUMNS, [_row(session, fire, jobs[fire.name]) for fire in fires])
    else:
        session.note(Span("nothing is due", "dim"))


def _meant(session: Session, what: tuple[str, ...]) -> Iterator[Job]:
    """Yield the jobs that are meant; a cron expression is a job by that name."""
    expressions = [word for word in what if " " in word.strip() or word.startswith("@")]
    names = [word for word in what if word not in expressions]
    if names or not what:
        configured = configured_jobs(session)
        chosen = pick_jobs(names, [job.name for job in configured]) if names else None
        yield from (job for job in configured if chosen is None or job.name in chosen)
    for text in expressions:
        cron = Cron(text, session.zone_name)
        try:
            schedule_of(cron)
        except ScheduleError as error:
            said = f"{error.message}; {error.hint}" if error.hint else error.message
            raise click.BadParameter(said, param_hint=f'"{text}"') from error
        yield Job(text, command=(), when=(cron,))


def _first(jobs: Iterable[Job], after: Instant) -> Iterator[Fire]:
    for job in jobs:
        at = next_time(job, after)
        if at is not None:
            yield Fire(at, job.name)


def _times(job: Job, after: Instant) -> Iterator[Fire]:
    at = next_time(job, after)
    while at is not None:
        yield Fire(at, job.name)
        at = next_time(job, at)


def _record(session: Session, fire: Fire, job: Job) -> dict[str, Any]:
    note = clock_change(job, fire.at)
    return {"job": fire.name, "at": iso(fire.at, session.zone), "note": note}


def _row(session: Session, fire: Fire, job: Job) -> tuple[Line, ...]:
    note = clock_change(job, fire.at)
    said = schedule_text(job, zone=session.zone_name)
    what = Span(note, "late") if note else Span(said)
    return (
        (Span(short(fire.at, session.now, session.zone)),),
        (Span(f"in {_until(session, fire.at)}", "dim"),),
        (Span(fire.name, "strong"),),
        (what,),
    )


def _until(session: Session, at: Instant) -> str:
    return away(-since(at, session.now))
