"""flowcron pause: leave out the times of a job for a while."""

from __future__ import annotations

from datetime import timedelta

import click

from flowcron.app.asking import whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.jobs import configured_jobs
from flowcron.cli.pick import pick_jobs
from flowcron.cli.text import Span
from flowcron.cli.times import short
from flowcron.domain.duration import DurationError, parse_duration
from flowcron.domain.instant import Instant, micros
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
    if length is not None and until is not None:
        raise click.UsageError("--for and --until exclude each other")
    known = [job.name for job in configured_jobs(session)]
    names = list(pick_jobs(jobs, known)) if jobs else known
    end = _end(session, length, until)
    history = open_history(session.history_path)
    try:
        with transaction(history):
            pause(history, names, until=end, reason=reason, by=whoami(), at=session.now)
    finally:
        history.close()
    poke(session.history_path.parent)
    lasting = "until it is resumed"
    if end is not None:
        lasting = f"until {short(end, session.now, session.zone)}"
    for name in names:
        session.note(Span("‖ ", "dim"), Span(name, "strong"), f" paused {lasting}")
    session.hint(f"flowcron resume {' '.join(names)}")
    return 0


def _end(session: Session, length: str | None, until: str | None) -> Instant | None:
    """Return when the pause ends by itself, or None; raises BadParameter if that is over."""
    if length is None:
        end = session.time(until, "--until", ahead=True)
    else:
        try:
            wanted: timedelta = parse_duration(length)
        except DurationError as error:
            raise click.BadParameter(str(error), param_hint="--for") from error
        end = Instant(session.now + micros(wanted))
    if end is not None and end <= session.now:
        option = "--for" if length is not None else "--until"
        message = f"{length or until} is over already, so nothing would be paused"
        raise click.BadParameter(message, param_hint=option)
    return end
