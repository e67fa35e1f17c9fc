"""flowcron start: the scheduler in the foreground."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from flowcron.cli import journal
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.exitcodes import SIGNAL
from flowcron.cli.librarylog import log_to_stderr
from flowcron.cli.narration import narrator
from flowcron.cli.problems import near_name
from flowcron.cli.text import Span
from flowcron.engine.report import Kind, Report
from flowcron.system import clock
from flowcron.system.notify import manager_from

if TYPE_CHECKING:
    from flowcron.app.state import Holding
    from flowcron.config.aside import Loading
    from flowcron.config.config import Config
    from flowcron.errors import Problem

_STDOUT = 1


@as_command(
    name="start",
    examples=(
        "flowcron start",
        "flowcron -c /etc/flowcron/schedules.toml start --on-stop leave",
        "flowcron start --log-format json >> flowcron.log",
    ),
)
@click.option(
    "--on-stop",
    type=click.Choice(("wait", "leave", "cancel")),
    help="What SIGTERM and Ctrl-C do to running jobs: wait for them, leave them to the next "
    "start, or cancel them.",
)
@click.option(
    "--log-format",
    type=click.Choice(("auto", "pretty", "logfmt", "json", "journal")),
    default="auto",
    show_default=True,
    help="How events are written; auto is pretty in a terminal, journal (levels and no times) "
    "where systemd's journal reads them, and logfmt elsewhere.",
)
@click.option(
    "--run-on-start",
    is_flag=True,
    help='Start on = "start" jobs although they have run since boot.',
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be scheduled, and end.")
@pass_session
def command(
    session: Session, *, on_stop: str | None, log_format: str, run_on_start: bool, dry_run: bool
) -> int:
    """Run the scheduler in the foreground.

    Ctrl-C or SIGTERM stops it as `on_stop` says, a second one cancels what still runs. SIGHUP
    loads the configuration again.
    """
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, _end)  # a first process is spared signals without a handler
    manager = manager_from(os.environ, pid=os.getpid())

    from flowcron.config.aside import Loading  # noqa: PLC0415 only start needs it

    loading = Loading(session.needed_config)  # meanwhile this process loads what it needs itself

    from flowcron.app.lives import schedule  # noqa: PLC0415 only start needs asyncio
    from flowcron.app.scheduler import Options  # noqa: PLC0415 the same
    from flowcron.config.config import OnStop  # noqa: PLC0415 the same

    config, broken = _loaded(session, loading, may_use_last=not dry_run)
    for warning in config.warnings:
        session.warn(f"{near_name(warning.file)}:{warning.line}: {warning.message}")
    if dry_run:
        return _foretell(session, config)
    in_terminal = session.screen.is_terminal
    style = _style(session) if log_format == "auto" else log_format
    log_to_stderr(for_journal=bool(session.notes.mark))
    report = narrator(
        session.screen, style, zone=session.zone, names=[job.name for job in config.jobs]
    )
    options = Options(
        session.history_path,
        OnStop(on_stop) if on_stop else None,
        run_on_start=run_on_start,
        in_terminal=in_terminal,
        broken=broken,
        manager=manager,
    )

    def begun(holding: Holding) -> None:
        """Say that the scheduler has begun."""
        if style == "pretty":
            session.screen.line(Span(_headline(config, holding.path), "strong"))
            session.hint("Ctrl-C stops", "in another terminal: flowcron history")
        else:
            report([_notice(f"started · {_headline(config, holding.path)}")])

    reason = schedule(config, options, tell=report, begun=begun)
    report([_notice(f"stopped by {reason}")])
    return 0


def _loaded(
    session: Session, loading: Loading, *, may_use_last: bool
) -> tuple[Config, tuple[Problem, ...]]:
    """Return the configuration, or the last good one and what is wrong with the file.

    A service must not leave all jobs undone because of one mistake; a person at a terminal is told.
    """
    from flowcron.errors import ConfigError  # noqa: PLC0415 only start catches it

    try:
        return loading.result(), ()
    except ConfigError as error:
        last = None
        if may_use_last and not session.screen.is_terminal:
            last = _last_good(session)
        if last is None:
            raise
        from flowcron.cli.problems import write_problems  # noqa: PLC0415 most files are good

        write_problems(session.notes, error.problems)
        return last, error.problems


def _last_good(session: Session) -> Config | None:
    """Return the configuration that was loaded last from the same file, as history keeps it."""
    from flowcron.config.aside import config_from  # noqa: PLC0415 most files are good
    from flowcron.errors import HistoryError  # noqa: PLC0415 the same
    from flowcron.history.configurations import last_good  # noqa: PLC0415 the same
    from flowcron.history.database import DatabaseTrouble, read_history  # noqa: PLC0415 the same

    try:
        with closing(read_history(session.history_path)) as history:
            body = last_good(history, str(session.needed_config))
    except (DatabaseTrouble, HistoryError):
        return None  # then the mistakes in the file are the first thing to mend
    return None if body is None else config_from(body)


def _style(session: Session) -> str:
    if session.screen.is_terminal:
        return "pretty"
    return "journal" if journal.reads(_STDOUT) else "logfmt"


def _end(number: int, frame: object) -> NoReturn:  # noqa: ARG001 a handler's signature
    """End before anything has begun."""
    sys.exit(SIGNAL + number)


def _notice(text: str) -> Report:
    return Report(Kind.NOTICE, clock.now(), text, pid=os.getpid())


def _foretell(session: Session, config: Config) -> int:
    """Say what would be scheduled: each job with its next time."""
    from flowcron.cli.describe import schedule_text  # noqa: PLC0415 only a dry run describes
    from flowcron.domain.times import iso  # noqa: PLC0415 the same
    from flowcron.domain.upcoming import next_time  # noqa: PLC0415 the same

    session.note(_headline(config, session.history_path))
    for job in config.jobs:
        at = next_time(job, session.now)
        when = "" if at is None else str(iso(at, session.zone))
        session.screen.text("\t".join((job.name, when, schedule_text(job))) + "\n")
    return 0


def _headline(config: Config, history: Path) -> str:
    from flowcron import __version__  # noqa: PLC0415 with its only use

    jobs = f"{len(config.jobs)} job{'' if len(config.jobs) == 1 else 's'}"
    files = f"{near_name(str(config.path))} · {jobs} · history {near_name(str(history))}"
    return f"flowcron {__version__} · {files}"
