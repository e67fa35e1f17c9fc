"""flowcron start: the scheduler in the foreground."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.narration import narrator
from flowcron.cli.text import Span
from flowcron.engine.report import Kind, Report
from flowcron.system import clock

if TYPE_CHECKING:
    from flowcron.config.config import Config


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
    type=click.Choice(("auto", "pretty", "logfmt", "json")),
    default="auto",
    show_default=True,
    help="How events are written; auto is pretty in a terminal and logfmt elsewhere.",
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
    from flowcron.config.aside import Loading  # noqa: PLC0415 only start needs it

    loading = Loading(session.needed_config)  # meanwhile this process loads what it needs itself

    from flowcron.app.scheduler import Options, Scheduler  # noqa: PLC0415 only start needs asyncio
    from flowcron.app.state import hold, stopped  # noqa: PLC0415 the same
    from flowcron.config.config import OnStop  # noqa: PLC0415 the same

    config = loading.result()
    for warning in config.warnings:
        session.warn(f"{_place(warning.file)}:{warning.line}: {warning.message}")
    if dry_run:
        return _foretell(session, config)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    in_terminal = session.screen.is_terminal
    style = log_format if log_format != "auto" else "pretty" if in_terminal else "logfmt"
    report = narrator(
        session.screen, style, zone=session.zone, names=[job.name for job in config.jobs]
    )
    options = Options(
        session.history_path,
        OnStop(on_stop) if on_stop else None,
        run_on_start=run_on_start,
        in_terminal=in_terminal,
    )
    with hold(options.history, config) as holding:
        if style == "pretty":
            session.screen.line(Span(_headline(config, options.history), "strong"))
            session.hint("Ctrl-C stops", "in another terminal: flowcron history")
        else:
            report([_notice(f"started · {_headline(config, options.history)}")])
        reason = asyncio.run(Scheduler(config, options, report=report).run(holding))
        stopped(holding, reason)
        report([_notice(f"stopped by {reason}")])
    return 0


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
    files = f"{_place(str(config.path))} · {jobs} · history {_place(str(history))}"
    return f"flowcron {__version__} · {files}"


def _place(path: str) -> str:
    """Return a path as it is shortest from here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
