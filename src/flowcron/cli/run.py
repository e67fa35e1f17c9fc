"""flowcron run: start jobs now, through the scheduler or, without one, in this very process."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from flowcron.app.asking import whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.jobs import job_named
from flowcron.cli.starting import start
from flowcron.cli.text import Span
from flowcron.domain.duration import format_duration
from flowcron.domain.wish import Wish

if TYPE_CHECKING:
    from flowcron.domain.job import Job


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
@click.option("--force", is_flag=True, help="Start it although it is already running or paused.")
@click.option("--alone", is_flag=True, help="Run nothing of what runs after it.")
@click.option("-n", "--dry-run", is_flag=True, help="Print what would run, and how.")
@pass_session
def command(  # noqa: PLR0913 one argument an option
    session: Session,
    *,
    jobs: tuple[str, ...],
    detach: bool,
    no_retry: bool,
    force: bool,
    alone: bool,
    dry_run: bool,
) -> int:
    """Start jobs now and follow them; the exit code is the job's own.

    The running scheduler starts them. Without one they run in the foreground, in this command,
    and are recorded all the same. What runs after a job does so here too.
    """
    if dry_run:
        for name in jobs:
            _describe(session, _configured(session, name))
        return 0
    wishes = [Wish(name, whoami(), force=force, retries=not no_retry, alone=alone) for name in jobs]
    return start(session, wishes, detach=detach)


def _configured(session: Session, name: str) -> Job:
    from flowcron.config.load import load  # noqa: PLC0415 a running scheduler has loaded it

    return job_named(load(session.needed_config), name)


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
