"""flowcron run: start jobs now, through the scheduler or, without one, in this very process."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import click

from flowcron.app.asking import ask, scheduler_pid, whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.follow import Follower, follow_all, say_end, writer_for
from flowcron.cli.signals import heard_signals
from flowcron.cli.text import Span, width
from flowcron.domain.duration import format_duration
from flowcron.domain.names import did_you_mean
from flowcron.domain.run import State
from flowcron.errors import NotFoundError, NotRunningError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowcron.domain.job import Job
    from flowcron.history.query import RunRow

_PATIENCE = 15.0  # seconds within which a scheduler answers
_TIMED_OUT, _NOT_STARTED, _NOT_EXECUTABLE, _NOT_FOUND, _SIGNAL = 124, 125, 126, 127, 128
_INTERRUPTED = 130


@as_command(
    name="run",
    examples=(
        "flowcron run backup              # follow it; the exit code is the job's",
        "flowcron run backup -d           # come back at once",
        "flowcron run backup --no-retry --force",
        "flowcron run backup -n           # what would run, and how",
    ),
)
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@click.option("-d", "--detach", is_flag=True, help="Come back as soon as the run is queued.")
@click.option("--no-retry", is_flag=True, help="Do not try again when it fails.")
@click.option("--force", is_flag=True, help="Start it although it is already running.")
@click.option("-n", "--dry-run", is_flag=True, help="Print what would run, and how.")
@pass_session
def command(
    session: Session,
    *,
    jobs: tuple[str, ...],
    detach: bool,
    no_retry: bool,
    force: bool,
    dry_run: bool,
) -> int:
    """Start jobs now and follow them; the exit code is the job's own.

    The running scheduler starts them. Without one they run in the foreground, in this command,
    and are recorded all the same.
    """
    if dry_run:
        for name in jobs:
            _describe(session, _configured(session, name))
        return 0
    wish = {"force": force, "retries": not no_retry}
    if scheduler_pid(session.history_path) is not None:
        return _through_scheduler(session, jobs, wish, detach=detach)
    if detach:
        raise NotRunningError(
            "the scheduler is not running, so nobody could look after a detached run",
            hint=f"flowcron start · or in the foreground: flowcron run {' '.join(jobs)}",
        )
    codes = [_in_foreground(session, _configured(session, name), **wish) for name in jobs]
    return next(filter(None, codes), 0)


def _through_scheduler(
    session: Session, jobs: Sequence[str], wish: dict[str, bool], *, detach: bool
) -> int:
    runs = [int(_ask(session, {"job": name} | wish)["run"]) for name in jobs]
    for name, run in zip(jobs, runs, strict=True):
        _announce(session, name, run)
        if detach and not session.is_for_people:
            session.screen.line(str(run))
    if detach:
        session.hint(*(f"flowcron logs -f {run}" for run in runs))
        return 0
    room = max(map(width, jobs))
    names = [f"{name:<{room}}" if len(jobs) > 1 else "" for name in jobs]
    followers = [
        Follower(session, run, writer_for(session, name=name))
        for name, run in zip(names, runs, strict=True)
    ]
    try:
        ended = follow_all(session, followers)
    except KeyboardInterrupt:
        session.note("left alone: it goes on")
        session.hint(*(f"flowcron logs -f {run}" for run in runs))
        return _INTERRUPTED
    for run_row in ended:
        say_end(session, run_row)
    return next(filter(None, map(exit_code, ended)), 0)


def _ask(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    return ask(session.history_path, "run", patience=_PATIENCE, arguments=arguments)


def _in_foreground(session: Session, job: Job, *, force: bool, retries: bool) -> int:
    import os  # noqa: PLC0415 with the only path that needs it

    from flowcron.app.foreground import Foreground, Wish  # noqa: PLC0415 brings the engine along

    environment = dict(os.environ) | {
        "FLOWCRON_DB": str(session.history_path),
        "FLOWCRON_CONFIG": str(session.needed_config),
    }
    foreground = Foreground(session.history_path, environment)
    try:
        with heard_signals() as heard:
            run = foreground.begin(Wish(job, whoami(), force=force, retries=retries))
            _announce(session, job.name, run)
            follower = Follower(session, run, writer_for(session))
            while (ended := follower.step()) is None:
                session.screen.stream.flush()
                while heard.pending:
                    foreground.cancel(heard.take(), at_once=heard.taken > 1)
                foreground.step()
    finally:
        foreground.close()
    say_end(session, ended)
    return _SIGNAL + heard.first if heard.first else exit_code(ended)


def exit_code(run: RunRow) -> int:
    """Return the exit code that tells a shell how a run ended; see cli.md, exit codes."""
    if run.state is State.SUCCESS:
        return 0
    if run.state is State.TIMED_OUT:
        return _TIMED_OUT
    if run.signal is not None:
        return _SIGNAL + run.signal
    if run.exit_code is not None:
        return run.exit_code
    why = re.search(r"could not start: .*\((E[A-Z]+)\)$", run.reason or "", re.DOTALL)
    errors = {"ENOENT": _NOT_FOUND, "EACCES": _NOT_EXECUTABLE, "ENOEXEC": _NOT_EXECUTABLE}
    return errors.get(why[1], _NOT_STARTED) if why else _NOT_STARTED


def _configured(session: Session, name: str) -> Job:
    from flowcron.config.load import load  # noqa: PLC0415 a running scheduler has loaded it

    config = load(session.needed_config)
    jobs = {job.name: job for job in config.jobs}
    if name not in jobs:
        raise NotFoundError(
            f'there is no job "{name}" in {config.path}',
            hint=did_you_mean(name, jobs) or "flowcron list",
        )
    return jobs[name]


def _announce(session: Session, job: str, run: int) -> None:
    session.note(Span("● ", "running"), Span(job, "strong"), f" · run {run}")


def _describe(session: Session, job: Job) -> None:
    shown = job.command if isinstance(job.command, str) else shlex.join(job.command)
    session.screen.line(Span("would run  ", "title"), Span(shown, "strong"))
    policy = [f"in {job.cwd}"]
    if isinstance(job.command, str):
        policy.insert(0, f"shell {shlex.join(job.shell)}")
    policy.append(f"timeout {format_duration(job.timeout)}" if job.timeout else "no timeout")
    policy.append(f"retry {job.retry.times}")
    session.screen.line("  " + " · ".join(policy))
    for name, value in job.env:
        session.screen.line("  ", Span(f"{name}=", "dim"), value)
