"""flowcron run: start jobs now, through the scheduler or, without one, in this very process."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.core import ParameterSource

from flowcron.app.asking import whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.jobs import job_named
from flowcron.cli.plan import PLAN_FIELDS, plan_of, write_plans
from flowcron.cli.starting import start
from flowcron.domain.wish import Wish


@as_command(
    name="run",
    examples=(
        "flowcron run backup              # follow it; the exit code is the job's",
        "flowcron run backup -d           # come back at once",
        "flowcron run backup --no-retry --force",
        "flowcron run backup -n           # what would run, and how",
    ),
    fields=PLAN_FIELDS,
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
    wishes = [Wish(name, whoami(), force=force, retries=not no_retry, alone=alone) for name in jobs]
    if dry_run:
        _write_plans(session, wishes)
        return 0
    asked = click.get_current_context().get_parameter_source("json")
    if asked is ParameterSource.COMMANDLINE:
        raise click.UsageError("--json says what would run: it goes with --dry-run")
    return start(session, wishes, detach=detach)


def _write_plans(session: Session, wishes: Sequence[Wish]) -> None:
    from flowcron.config.load import load  # noqa: PLC0415 a running scheduler has loaded it

    config = load(session.needed_config)
    plans = [plan_of(session, config, job_named(config, wish.job), wish) for wish in wishes]
    write_plans(session, plans)
