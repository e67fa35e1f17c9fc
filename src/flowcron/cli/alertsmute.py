"""`flowcron alerts mute`: let nobody hear of a job for a while."""

from __future__ import annotations

from collections.abc import Sequence

import click

from flowcron.app.asking import whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.jobs import configured_jobs
from flowcron.cli.lasting import end_of, lasting
from flowcron.cli.pick import pick_jobs
from flowcron.cli.text import Span
from flowcron.domain.job import Job
from flowcron.domain.names import did_you_mean
from flowcron.errors import NotFoundError
from flowcron.history.database import open_history, transaction
from flowcron.history.mutes import TAG, mute
from flowcron.system.poke import poke


@as_command(
    name="mute",
    group="alerts",
    examples=(
        "flowcron alerts mute backup --for 2h",
        "flowcron alerts mute 'etl-*' --until tomorrow",
        "flowcron alerts mute tag:db --for 1d",
    ),
)
@click.argument("targets", nargs=-1, required=True, metavar="JOB|tag:TAG...")
@click.option("--for", "length", metavar="D", help="For so long, as 2h.")
@click.option("--until", metavar="T", help="Until then.")
@pass_session
def command(
    session: Session, *, targets: tuple[str, ...], length: str | None, until: str | None
) -> int:
    """Let nobody hear of a job for a while, or of all jobs with a tag.

    It survives restarts. Runs go on and incidents are counted: who comes late hears of what is
    still broken with its next failure.
    """
    end = end_of(session, length, until)
    meant = mutable(targets, configured_jobs(session))
    history = open_history(session.history_path)
    try:
        with transaction(history):
            mute(history, meant, until=end, by=whoami(), at=session.now)
    finally:
        history.close()
    poke(session.history_path.parent)
    how_long = lasting(session, end, otherwise="somebody unmutes it")
    for target in meant:
        session.note(Span("‖ ", "dim"), Span(target, "strong"), f" muted {how_long}")
    session.hint(f"flowcron alerts unmute {' '.join(meant)}")
    return 0


def mutable(targets: Sequence[str], jobs: Sequence[Job]) -> list[str]:
    """Return the jobs and tags that are meant; raises NotFoundError for what no job is or has."""
    known_tags = {tag: None for job in jobs for tag in job.tags}
    tags = [target for target in targets if target.startswith(TAG)]
    for target in tags:
        tag = target.removeprefix(TAG)
        if tag not in known_tags:
            hint = did_you_mean(tag, known_tags) or "flowcron list --json job   names the jobs"
            raise NotFoundError(f'no job has the tag "{tag}"', hint=hint)
    names = [target for target in targets if target not in tags]
    picked = pick_jobs(names, [job.name for job in jobs]) if names else ()
    return list(dict.fromkeys((*tags, *picked)))
