"""flowcron prune: delete old runs and logs."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from flowcron.app.asking import scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.confirm import confirmed
from flowcron.cli.context import Session, pass_session
from flowcron.cli.text import Span
from flowcron.cli.words import grouped
from flowcron.domain.duration import DurationError, parse_duration
from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import Keep
from flowcron.domain.keep import NEWEST, Keeps
from flowcron.domain.size import human_size
from flowcron.domain.times import date, iso, local
from flowcron.errors import FlowcronError
from flowcron.history.database import Connection, open_history, transaction
from flowcron.history.leftovers import drop_old, drop_unused, give_back, unused
from flowcron.history.logfiles import remove_orphans
from flowcron.history.prune import Batch, Sweep

FIELDS = ("deleted", "runs", "output_bytes", "before")
_REST = 0.01  # seconds after a transaction, in which a scheduler gets at the history


@as_command(
    name="prune",
    examples=(
        "flowcron prune -n               # what is kept no longer by schedules.toml",
        "flowcron prune --keep 90d -n    # what is older, of whatever job",
        "flowcron prune --keep 90d --yes",
    ),
    fields=FIELDS,
)
@click.option(
    "--keep", metavar="D", help="Keep so much of each job, whatever schedules.toml says of it."
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be deleted.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_session
def command(session: Session, *, keep: str | None, dry_run: bool, yes: bool) -> int:
    """Delete old runs and their logs.

    A running scheduler does so by itself once an hour. The last success, the last failure and the
    last ten runs of each job stay, and everything that has to do with a run that is not over.
    """
    keeps = _keeps(session, keep)
    if dry_run or not yes:
        all_ = _swept(session.history, Sweep(keeps, now=session.now, delete=False))
        if dry_run or not all_.runs:
            _say(session, keeps, all_, deleted=False)
            return 0
        question = f"delete {_what(session, keeps, all_)}?"
        if not confirmed(session, question, yes=yes):
            session.note("nothing was deleted")
            return 1
    _say(session, keeps, _delete(session, keeps), deleted=True)
    return 0


def _keeps(session: Session, keep: str | None) -> Keeps:
    if keep is not None:
        try:
            return Keeps(Keep(age=parse_duration(keep)))
        except DurationError as error:
            raise click.BadParameter(f"{error}; {error.hint}", param_hint="--keep") from error
    from flowcron.config.load import load  # noqa: PLC0415 pydantic is slow to load

    return load(session.needed_config).keeps


def _delete(session: Session, keeps: Keeps) -> Batch:
    """Delete runs, then what they left behind; beside a scheduler with a rest after each batch."""
    history = open_history(session.history_path)
    rest = 0.0 if scheduler_pid(session.history_path) is None else _REST
    try:
        deleted = _swept(history, Sweep(keeps, now=session.now), rest=rest)
        _remove_logs(history, session.history_path.parent)
        since = Instant(session.now - micros(keeps.longest))
        found = unused(history, since)
        with transaction(history):
            drop_old(history, since)
            drop_unused(history, found)
        while _has_given_back(history):
            time.sleep(rest)
        history.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        history.close()
    return deleted


def _remove_logs(history: Connection, state: Path) -> None:
    try:
        remove_orphans(history, state)
    except OSError as error:
        raise FlowcronError(
            f"the runs are deleted, some of their logs cannot be: {error}",
            hint="flowcron prune   goes on where it stopped",
        ) from error


def _swept(history: Connection, sweep: Sweep, *, rest: float = 0) -> Batch:
    runs = output = 0
    while not sweep.is_over:
        batch = sweep.step(history)
        runs, output = runs + batch.runs, output + batch.output
        if rest and batch.runs:
            time.sleep(rest)
    return Batch(runs, output)


def _has_given_back(history: Connection) -> bool:
    with transaction(history):
        return give_back(history)


def _say(session: Session, keeps: Keeps, all_: Batch, *, deleted: bool) -> None:
    if not session.is_for_people:
        session.document(_document(session, keeps, all_, deleted=deleted))
        return
    if not all_.runs:
        session.screen.line(f"nothing to delete{_older(session, keeps)}")
        return
    done = "deleted" if deleted else "would delete"
    session.screen.wrapped(f"{done} {_what(session, keeps, all_)}", again=Span("  "))


def _what(session: Session, keeps: Keeps, all_: Batch) -> str:
    """Return "8 112 runs and 212 MB of logs older than 24 Aug", and what stays."""
    runs = "1 run" if all_.runs == 1 else f"{grouped(all_.runs)} runs"
    logs = f" and {human_size(all_.output)} of logs" if all_.output else ""
    stays = f"keeps the last success, the last failure and the last {NEWEST} runs of every job"
    return f"{runs}{logs}{_older(session, keeps)} · {stays}"


def _older(session: Session, keeps: Keeps) -> str:
    if keeps.age is None:
        return " beyond what is kept of each job"
    since = local(_since(session, keeps.age), session.zone)
    return f" older than {date(since, local(session.now, session.zone))}"


def _since(session: Session, age: timedelta) -> Instant:
    return Instant(session.now - micros(age))


def _document(session: Session, keeps: Keeps, all_: Batch, *, deleted: bool) -> dict[str, Any]:
    since = None if keeps.age is None else _since(session, keeps.age)
    return {
        "schema": "flowcron.prune/1",
        "deleted": deleted,
        "runs": all_.runs,
        "output_bytes": all_.output,
        "before": iso(since, session.zone),
    }
