"""`flowcron history`: past runs, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session, since
from flowcron.cli.table import Column
from flowcron.cli.text import Line, Span
from flowcron.cli.words import SYMBOLS, grouped, made_by, result, took
from flowcron.domain.instant import Instant
from flowcron.domain.run import State, Trigger
from flowcron.domain.times import short
from flowcron.errors import NotFoundError
from flowcron.history.query import RunRow, Wanted, runs
from flowcron.history.run_record import RUN_FIELDS, run_record

_COLUMNS = (
    Column(""),
    Column("RUN", right=True),
    Column("JOB", minimum=8, firm=True),
    Column("SCHEDULED"),
    Column("TOOK", right=True, drop=1),
    Column("TRY", drop=2),
    Column("RESULT", minimum=30),
    Column("BY", drop=3),
)
_EVER = Instant(2**62)
_MOST_HIDDEN = 2
_Word = TypeVar("_Word", State, Trigger)


@as_command(
    name="history",
    examples=(
        "flowcron history --since 24h",
        "flowcron history backup -n 5",
        "flowcron history --state failed,timed_out --since 30d",
        "flowcron history --json id,job,state | jq .runs",
    ),
    fields=RUN_FIELDS,
)
@click.argument("jobs", metavar="[JOB]...", nargs=-1)
@click.option("--since", "since_", metavar="TIME", help="Only runs due at or after this time.")
@click.option("--until", metavar="TIME", help="Only runs due before this time.")
@click.option("--state", metavar="STATE,...", help="Only runs in these states.")
@click.option("--by", metavar="TRIGGER,...", help="Only runs that these made: schedule, manual ….")
@click.option("-n", "limit", type=click.IntRange(min=0), default=20, help="How many; 20.")
@click.option("--all", "everything", is_flag=True, help="All runs: no limit, nothing folded.")
@click.option("--oldest-first", is_flag=True, help="The oldest of them first.")
@pass_session
def command(  # noqa: PLR0913 one argument an option
    session: Session,
    *,
    jobs: tuple[str, ...],
    since_: str | None,
    until: str | None,
    state: str | None,
    by: str | None,
    limit: int,
    everything: bool,
    oldest_first: bool,
) -> None:
    """Show past runs, newest first."""
    wanted = Wanted(
        jobs=_picked(session, jobs),
        states=tuple(_words(state, State, "--state")),
        triggers=tuple(_words(by, Trigger, "--by")),
        since=session.time(since_, "--since"),
        until=session.time(until, "--until"),
        limit=None if everything else limit,
    )
    found, hidden = _found(session, wanted)
    if oldest_first:
        found.reverse()
    if not session.is_for_people:
        session.records(
            [run_record(run, session.zone) for run in found],
            RUN_FIELDS,
            document={"schema": "flowcron.runs/1", "runs": []},
        )
        return
    if found:
        with session.paged():
            session.screen.table(_COLUMNS, _rows(session, found))
        session.note()
    session.note(Span(_footer(session, wanted, found, hidden), "dim"))


def _found(session: Session, wanted: Wanted) -> tuple[list[RunRow], dict[str, int]]:
    """Return the runs to show, and for people how many of which job are folded away."""
    if not session.is_for_people or wanted.limit is None or wanted.jobs or _narrowed(wanted):
        return runs(session.history, wanted), {}
    from flowcron.history import window  # noqa: PLC0415 this command is to be quick

    span = _span(wanted)
    if span is None:
        page = window.newest(session.history, wanted.limit)
    else:
        page = window.between(session.history, *span, limit=wanted.limit)
    return page.runs, page.hidden


def _picked(session: Session, jobs: Sequence[str]) -> tuple[str, ...]:
    """Return the jobs that are meant; one that is configured and never ran has no runs."""
    if not jobs:
        return ()
    from flowcron.cli.pick import pick_jobs  # noqa: PLC0415 this command is to be quick
    from flowcron.history.known import job_names  # noqa: PLC0415 the same

    known = job_names(session.history)
    try:
        return pick_jobs(jobs, known)
    except NotFoundError:
        return pick_jobs(jobs, dict.fromkeys([*known, *session.configured_names()]))


def _words(text: str | None, kind: type[_Word], option: str) -> list[_Word]:
    """Return the states or triggers of a list with commas."""
    words = [word.strip().lower() for word in text.split(",")] if text else []
    known = [str(word) for word in kind]
    for word in words:
        if word not in known:
            from flowcron.domain.names import did_you_mean  # noqa: PLC0415 only for mistakes

            meant = did_you_mean(word, known) or f"there are {', '.join(known)}"
            raise click.BadParameter(f'"{word}" is none of them; {meant}', param_hint=option)
    return [kind(word) for word in words]


def _narrowed(wanted: Wanted) -> bool:
    return bool(wanted.states or wanted.triggers)


def _span(wanted: Wanted) -> tuple[Instant, Instant] | None:
    if wanted.since is None and wanted.until is None:
        return None
    return wanted.since or Instant(0), wanted.until or _EVER


def _rows(session: Session, found: Sequence[RunRow]) -> list[tuple[Line, ...]]:
    usual = _usual(session, {run.job for run in found if run.state == State.RUNNING})
    return [_row(session, run, usual.get(run.job)) for run in found]


def _usual(session: Session, jobs: set[str]) -> dict[str, timedelta]:
    """Return how long runs of these jobs take."""
    if not jobs:
        return {}
    from flowcron.history.usual import usuals  # noqa: PLC0415 this command is to be quick

    return {job: usual.median for job, usual in usuals(session.history, jobs).items()}


def _row(session: Session, run: RunRow, usual: timedelta | None) -> tuple[Line, ...]:
    running = None if run.started_at is None else since(run.started_at, session.now)
    length = run.duration if run.state.is_final else running
    seconds = run.scheduled_at is not None
    return (
        (SYMBOLS[run.state],),
        (Span(str(run.id)),),
        (Span(run.job, "strong"),),
        (Span(short(run.at, session.now, session.zone, seconds=seconds)),),
        (Span(took(length)),),
        (Span(f"{run.attempts}/{run.tries}" if run.attempts else "", "dim"),),
        result(run, session.now, usual=usual),
        (Span(made_by(run), "dim"),),
    )


def _footer(
    session: Session, wanted: Wanted, found: Sequence[RunRow], hidden: dict[str, int]
) -> str:
    """Return how much this is of how much, and what stands behind it unseen."""
    if _narrowed(wanted):
        is_all = wanted.limit is None or len(found) < wanted.limit
        return _runs(len(found)) if is_all else f"the newest {_runs(len(found))} (-n, --all)"
    from flowcron.history.count import count  # noqa: PLC0415 this command is to be quick

    all_ = count(session.history, wanted.jobs, since=wanted.since, until=wanted.until)
    if not all_.runs:
        return "no runs" if wanted.jobs or _span(wanted) else "nothing has run yet"
    is_all = len(found) == all_.runs
    parts = [_runs(all_.runs) if is_all else f"{grouped(len(found))} of {_runs(all_.runs)}"]
    parts += [f"{1000 * all_.ok // all_.ended / 10:.1f} % ok"] if all_.ended else []
    return " · ".join(parts + _hidden(hidden))


def _hidden(hidden: dict[str, int]) -> list[str]:
    few = [f"{job} hidden: {_runs(count)}, all ok" for job, count in hidden.items()]
    if len(few) > _MOST_HIDDEN:
        few = [f"{len(few)} jobs hidden: {_runs(sum(hidden.values()))}, all ok"]
    return [*few[:-1], f"{few[-1]} (--all)"] if few else []


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{grouped(count)} runs"
