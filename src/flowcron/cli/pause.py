"""flowcron pause: leave out the times of a job for a while."""

from __future__ import annotations

import click

from flowcron.app.asking import whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.jobs import configured_jobs
from flowcron.cli.lasting import end_of, lasting
from flowcron.cli.pick import pick_jobs
from flowcron.cli.text import Span
from flowcron.history.database import open_history, transaction
from flowcron.history.pauses import pause
from flowcron.system.poke import poke


@as_command(
    name="pause",
    examples=(
        "flowcron pause backup",
        "flowcron pause backup --for 2h",
        'flowcron pause weekly-report --until 2026-12-01 --reason "boss on holiday"',
    ),
)
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--all", "everything", is_flag=True, help="All jobs.")
@click.option("--for", "length", metavar="D", help="For so long, as 2h.")
@click.option("--until", metavar="T", help="Until then.")
@click.option("--reason", metavar="TEXT", help="Why; history and list say it.")
@pass_session
def command(
    session: Session,
    *,
    jobs: tuple[str, ...],
    everything: bool,
    length: str | None,
    until: str | None,
    reason: str | None,
) -> int:
    """Stop scheduling jobs for a while; their times are recorded as skipped.

    It survives restarts. Runs that go on are not touched, and there is nothing to catch up.
    """
    if bool(jobs) == everything:
        raise click.UsageError("name jobs, or say --all")
    known = [job.name for job in configured_jobs(session)]
    names = list(pick_jobs(jobs, known)) if jobs else known
    end = end_of(session, length, until)
    history = open_history(session.history_path)
    try:
        with transaction(history):
            pause(history, names, until=end, reason=reason, by=whoami(), at=session.now)
    finally:
        history.close()
    poke(session.history_path.parent)
    how_long = lasting(session, end, otherwise="it is resumed")
    for name in names:
        session.note(Span("‖ ", "dim"), Span(name, "strong"), f" paused {how_long}")
    session.hint(f"flowcron resume {' '.join(names)}")
    return 0
