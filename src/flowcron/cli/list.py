"""`flowcron list`: all jobs, when they run, and how their last run went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session, since
from flowcron.cli.describe import schedule_text
from flowcron.cli.jobs import Condition, JobView, configured_jobs, views
from flowcron.cli.pick import pick_jobs
from flowcron.cli.spark import sparkline
from flowcron.cli.table import Column
from flowcron.cli.text import Line, Span
from flowcron.cli.tree import Branch, as_tree
from flowcron.cli.words import SYMBOLS, took
from flowcron.domain.run import State
from flowcron.domain.times import clock_time, coarse, iso, local, relative, short
from flowcron.domain.usual import Usual
from flowcron.history.usual import usuals

FIELDS = (
    "job",
    "state",
    "schedule",
    "enabled",
    "next",
    "last_run",
    "last_state",
    "last_at",
    "last_duration",
    "usual_duration",
    "failures",
    "muted",
    "after",
)
_COLUMNS = (
    Column(""),
    Column("JOB", minimum=8, firm=True),
    Column("SCHEDULE", minimum=18, drop=1),
    Column("NEXT"),
    Column("LAST", minimum=16),
    Column("TOOK", right=True, drop=2),
    Column("LAST 14", drop=3),
)
_SOON = timedelta(minutes=1)
_HALF_A_DAY = timedelta(hours=12)
_NEVER = 2**63
_LAST = 14


@as_command(
    name="list",
    examples=(
        "flowcron list",
        "flowcron list 'etl-*' --sort next",
        "flowcron list --state failing",
        "flowcron list --json job,next",
    ),
    fields=FIELDS,
)
@click.argument("jobs", metavar="[JOB]...", nargs=-1)
@click.option("--tag", metavar="TAG", help="Only jobs with this tag.")
@click.option(
    "--state",
    type=click.Choice([str(each) for each in Condition]),
    metavar="STATE",
    help="Only jobs in this state.",
)
@click.option(
    "--sort",
    type=click.Choice(("file", "next", "name", "last")),
    default="file",
    help="By next run, name or last run instead of as in the file.",
)
@pass_session
def command(
    session: Session, *, jobs: tuple[str, ...], tag: str | None, state: str | None, sort: str
) -> None:
    """Show all jobs: schedule, next run, last result."""
    configured = configured_jobs(session)
    names = set(pick_jobs(jobs, [job.name for job in configured])) if jobs else None
    chosen = [
        job
        for job in configured
        if (names is None or job.name in names) and (tag is None or tag in job.tags)
    ]
    looked_at = views(session, chosen, last=_LAST, every=session.is_for_people)
    found = [view for view in looked_at if state in {None, view.condition}]
    if sort != "file":
        found.sort(key=_ORDERS[sort])
    if not session.is_for_people:
        document = {"schema": "flowcron.jobs/1", "jobs": []}
        usual = usuals(session.history, [view.job.name for view in found])
        records = [_record(session, each, usual.get(each.job.name)) for each in found]
        session.records(records, FIELDS, document=document)
    elif found:
        tree = as_tree(found, configured) if sort == "file" else map(Branch, found)
        with session.paged():
            session.screen.table(_COLUMNS, [_row(session, each) for each in tree])
        _footer(session, found)
    else:
        session.note(Span("no jobs", "dim"))


_ORDERS: dict[str, Callable[[JobView], Any]] = {
    "next": lambda view: view.next_at or _NEVER,
    "name": lambda view: view.job.name,
    "last": lambda view: -(view.recent.runs[0].at if view.recent.runs else 0),
}


def _record(session: Session, view: JobView, usual: Usual | None) -> dict[str, Any]:
    last, after = view.recent.last, view.job.after
    length = last.duration if last else None
    return {
        "job": view.job.name,
        "state": view.condition,
        "schedule": schedule_text(view.job),
        "enabled": view.job.enabled,
        "next": iso(view.next_at, session.zone),
        "last_run": last.id if last else None,
        "last_state": last.state if last else None,
        "last_at": iso(last.at, session.zone) if last else None,
        "last_duration": length.total_seconds() if length else None,
        "usual_duration": usual.median.total_seconds() if usual else None,
        "failures": view.recent.failures,
        "muted": view.mute is not None,
        "after": list(after.jobs) if after else [],
    }


def _row(session: Session, branch: Branch) -> tuple[Line, ...]:
    view = branch.view
    return (
        (view.symbol,),
        (Span(branch.front, "dim"), Span(view.job.name, "strong")),
        (Span(schedule_text(view.job, zone=session.zone_name)),),
        (Span(_next(session, view)),),
        _last(session, view),
        (Span(_took(view)),),
        sparkline(view.recent.runs),
    )


def _next(session: Session, view: JobView) -> str:
    if not view.job.enabled:
        return "disabled"
    if view.pause is not None and view.next_at is None:
        return "paused"
    if view.next_at is None:
        return "—"
    ahead = -since(view.next_at, session.now)
    if ahead < _SOON:
        return relative(view.next_at, session.now)
    if ahead < _HALF_A_DAY:
        clock = clock_time(local(view.next_at, session.zone))
        return f"{clock} · {relative(view.next_at, session.now)}"
    return short(view.next_at, session.now, session.zone)


def _last(session: Session, view: JobView) -> Line:
    running, last = view.recent.open, view.recent.last
    if running is not None:
        said = str(running.state)
        if running.state == State.RUNNING and running.started_at is not None:
            said += f" {coarse(since(running.started_at, session.now))}"
            said += f" of ~{coarse(view.usual.median)}" if view.usual else ""
        style = SYMBOLS[running.state].style
        return (SYMBOLS[running.state], Span(f" {said}", style), *_muted(view))
    if last is None:
        return (Span("—", "dim"), *_muted(view))
    line = [SYMBOLS[last.state], Span(f" {relative(last.at, session.now)}")]
    if view.recent.failures:
        line.append(Span(f" · {last.reason or last.state}", "failed"))
    if view.recent.failures > 1:
        more = "+" if view.recent.failures == _LAST else ""
        line.append(Span(f" · {view.recent.failures}{more} in a row", "failed"))
    return (*line, *_muted(view))


def _muted(view: JobView) -> Line:
    return () if view.mute is None else (Span(" · muted", "dim"),)


def _took(view: JobView) -> str:
    if view.recent.open is not None:
        return f"~{coarse(view.usual.median)}" if view.usual else ""
    return took(view.recent.last.duration) if view.recent.last else ""


def _footer(session: Session, found: list[JobView]) -> None:
    counts = Counter(view.condition for view in found)
    parts = ["1 job" if len(found) == 1 else f"{len(found)} jobs"]
    told = (Condition.RUNNING, Condition.FAILING, Condition.PAUSED, Condition.DISABLED)
    parts += [f"{counts[each]} {each}" for each in told if counts[each]]
    if muted := sum(view.mute is not None for view in found):
        parts.append(f"{muted} muted")
    session.note()
    session.note(Span(" · ".join(parts), "dim"))
