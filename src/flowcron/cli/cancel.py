"""flowcron cancel: end runs before they end by themselves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from datetime import timedelta

import click

from flowcron.app.asking import ask, leave_request, scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.confirm import confirmed
from flowcron.cli.context import Session, pass_session
from flowcron.cli.pick import is_run, pick_jobs, pick_run
from flowcron.cli.text import Span
from flowcron.cli.words import SYMBOLS, result
from flowcron.domain.ports import Process
from flowcron.domain.snapshot import job_from
from flowcron.errors import NotRunningError, RefusedError
from flowcron.history.known import definition_of_run, job_names
from flowcron.history.open_runs import owner_of
from flowcron.history.query import RunRow, open_runs, runs_numbered
from flowcron.system import clock
from flowcron.system.processes import MachineProcesses, boot_id

_PATIENCE = 15.0  # seconds within which a scheduler answers
_MARGIN = timedelta(seconds=5)  # beyond kill_after, until what was killed is written down
_POLL = 0.05  # seconds
_SIGNALS = tuple(each.name.removeprefix("SIG") for each in signal.Signals)


@as_command(
    name="cancel",
    examples=(
        "flowcron cancel 1482        # SIGTERM to its processes, SIGKILL after kill_after",
        "flowcron cancel extract     # every run of it that is not over",
        "flowcron cancel 1482 --now  # SIGKILL at once",
        "flowcron cancel --all --yes",
    ),
)
@click.argument("runs", nargs=-1, metavar="[RUN|JOB]...")
@click.option("--all", "everything", is_flag=True, help="Every run that is not over.")
@click.option("--now", is_flag=True, help="Kill at once, without asking the job to end.")
@click.option(
    "--signal",
    "name",
    type=click.Choice(_SIGNALS, case_sensitive=False),
    metavar="NAME",
    default="TERM",
    help="What asks it to end: TERM, INT, …",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask, with --all.")
@pass_session
def command(
    session: Session, *, runs: tuple[str, ...], everything: bool, now: bool, name: str, yes: bool
) -> int:
    """End runs that are not over: those that run are asked to, those that wait never start.

    What is left of a run's processes is killed after its job's `kill_after`.
    """
    if bool(runs) == everything:
        raise click.UsageError("name runs or jobs, or say --all")
    chosen = open_runs(session.history) if everything else _chosen(session, runs)
    if not chosen:
        session.note("nothing runs or waits")
        return 0
    if everything and not confirmed(session, _question(chosen), yes=yes):
        return 1
    number = signal.SIGKILL if now else signal.Signals[f"SIG{name.upper()}"]
    _end(session, chosen, number)
    return 0


def _chosen(session: Session, selectors: Sequence[str]) -> list[RunRow]:
    """Return the runs that are meant, each once; raises RefusedError where there is nothing."""
    found: dict[int, RunRow] = {}
    going = open_runs(session.history)
    for selector in selectors:
        if is_run(selector):
            run = pick_run(session.history, selector)
            if run.state.is_final:
                raise RefusedError(f"run {run.id} of {run.job} is over ({run.state})")
            found[run.id] = run
            continue
        known = dict.fromkeys((*job_names(session.history), *session.configured_names()))
        names = pick_jobs((selector,), known)
        of_job = [run for run in going if run.job in names]
        if not of_job:
            raise RefusedError(f"no run of {selector} is going on", hint="flowcron status")
        found |= {run.id: run for run in of_job}
    return list(found.values())


def _question(chosen: Sequence[RunRow]) -> str:
    return f"cancel {len(chosen)} run{'' if len(chosen) == 1 else 's'}?"


def _end(session: Session, chosen: Sequence[RunRow], number: signal.Signals) -> None:
    """Have runs ended by who looks after them: the scheduler, or the command that runs them."""
    owners: dict[Process, RunRow] = {}
    others = []
    for run in chosen:
        owner = _living_owner(session, run)
        if owner is None:
            others.append(run.id)
        else:
            owners.setdefault(owner, run)
    for owner, run in owners.items():  # each once: a second signal makes it kill
        _signal(owner, number, run=run)
    if others:
        _ask_scheduler(session, others, number)
    for run in _waited_for(session, chosen):
        if not run.state.is_final:
            session.note(Span(run.job, "strong"), f" · run {run.id} · {number.name} sent")
            session.hint(f"flowcron show {run.id}", f"flowcron cancel {run.id} --now")
            continue
        about = Span(f" {run.job}", "strong"), f" · run {run.id} · "
        session.note(SYMBOLS[run.state], *about, *result(run, session.now))


def _waited_for(session: Session, chosen: Sequence[RunRow]) -> list[RunRow]:
    """Return the runs as they are once all are over, or long after they should have been."""
    patience = max(_kill_after(session, run) for run in chosen) + _MARGIN
    deadline = clock.monotonic() + patience.total_seconds()
    numbers = [run.id for run in chosen]
    while True:
        runs = runs_numbered(session.history, numbers)
        if all(run.state.is_final for run in runs) or clock.monotonic() > deadline:
            return runs
        time.sleep(_POLL)


def _kill_after(session: Session, run: RunRow) -> timedelta:
    return job_from(run.job, definition_of_run(session.history, run.id)).kill_after


def _living_owner(session: Session, run: RunRow) -> Process | None:
    """Return the command that runs it in the foreground, where one does."""
    owner = owner_of(session.history, run.id)
    if owner is None or owner.boot != boot_id():
        return None
    process = Process(*owner.process)
    return process if MachineProcesses().is_alive(process) else None


def _signal(owner: Process, number: signal.Signals, *, run: RunRow) -> None:
    """Tell a command to end its runs; raises RefusedError when it is another user's."""
    try:
        os.kill(owner.pid, signal.SIGTERM)
        if number is signal.SIGKILL:  # the second one makes it kill
            os.kill(owner.pid, signal.SIGTERM)
    except ProcessLookupError:  # it has just ended, and its runs with it
        return
    except PermissionError as error:
        message = f"run {run.id} belongs to a command of another user (pid {owner.pid})"
        raise RefusedError(message, hint="cancel it as that user, or as root") from error


def _ask_scheduler(session: Session, runs: list[int], number: signal.Signals) -> None:
    arguments = {"runs": runs, "signal": int(number)}
    if scheduler_pid(session.history_path) is not None:
        ask(session.history_path, "cancel", patience=_PATIENCE, arguments=arguments)
        return
    leave_request(session.history_path, "cancel", arguments)
    raise NotRunningError(
        "the scheduler is not running; the runs will be cancelled when it starts",
        hint="flowcron start",
    )
