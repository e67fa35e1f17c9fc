"""`flowcron alerts retry`: try at once to send what was not sent."""

from __future__ import annotations

import click

from flowcron.app.asking import scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.text import Span
from flowcron.errors import NotFoundError, RefusedError
from flowcron.history.alerts import outbox_row
from flowcron.history.database import Connection, open_history, transaction
from flowcron.history.deliveries import retry
from flowcron.system.poke import poke

_LARGEST_ID = 2**63 - 1


@as_command(
    name="retry",
    group="alerts",
    examples=("flowcron alerts retry 88", "flowcron alerts retry --all"),
)
@click.argument("number", metavar="[ID]", required=False, type=click.IntRange(1, _LARGEST_ID))
@click.option("--all", "everything", is_flag=True, help="All that was not sent.")
@pass_session
def command(session: Session, *, number: int | None, everything: bool) -> int:
    """Try at once to send what waits or could not be sent.

    The running scheduler does it, or the next one to start.
    """
    if (number is None) != everything:
        raise click.UsageError("name what to send by its ID, or say --all")
    history = open_history(session.history_path)
    try:
        with transaction(history):
            numbers = None if number is None else (_not_sent(history, number),)
            count = retry(history, numbers, at=session.now)
    finally:
        history.close()
    poke(session.history_path.parent)
    many = "1 message is" if count == 1 else f"{count} messages are"
    when = "tried now"
    if scheduler_pid(session.history_path) is None:
        when = "tried when the scheduler starts"
    if count:
        session.note(Span("↻ ", "late"), f"{many} {when}")
        session.hint("flowcron alerts outbox")
    else:
        session.note(Span("✓ ", "ok"), "everything was sent")
    return 0


def _not_sent(history: Connection, number: int) -> int:
    row = outbox_row(history, number)
    if row is None:
        hint = "flowcron alerts outbox   lists what there is"
        raise NotFoundError(f"there is nothing with the id {number} in the outbox", hint=hint)
    if row.state == "sent":
        raise RefusedError(f"{number} was sent already", hint=f"flowcron alerts test {row.channel}")
    return number
