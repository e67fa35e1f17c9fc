"""`flowcron alerts unmute`: let people hear of a job again."""

from __future__ import annotations

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.text import Span
from flowcron.domain.names import did_you_mean
from flowcron.errors import RefusedError
from flowcron.history.database import open_history, transaction
from flowcron.history.mutes import mutes_now, unmute
from flowcron.system.poke import poke


@as_command(
    name="unmute",
    group="alerts",
    examples=(
        "flowcron alerts unmute backup",
        "flowcron alerts unmute tag:db",
        "flowcron alerts unmute --all",
    ),
)
@click.argument("targets", nargs=-1, metavar="[JOB|tag:TAG]...")
@click.option("--all", "everything", is_flag=True, help="Everything that is muted.")
@pass_session
def command(session: Session, *, targets: tuple[str, ...], everything: bool) -> int:
    """Let people hear of jobs and tags again that were muted."""
    if bool(targets) == everything:
        raise click.UsageError("name jobs or tags, or say --all")
    history = open_history(session.history_path)
    try:
        with transaction(history):
            muted = [mute.target for mute in mutes_now(history, now=session.now)]
            ended = unmute(history, muted if everything else targets, at=session.now)
    finally:
        history.close()
    poke(session.history_path.parent)
    for target in ended:
        session.note(Span("✓ ", "ok"), Span(target, "strong"), " is heard of again")
    if targets and not ended:
        hint = did_you_mean(targets[0], muted) or "flowcron status   says what is muted"
        raise RefusedError(f"{' and '.join(targets)} was not muted", hint=hint)
    return 0
