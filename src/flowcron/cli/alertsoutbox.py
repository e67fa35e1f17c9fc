"""`flowcron alerts outbox`: what channels were told, and what they are still to be told."""

from __future__ import annotations

import click

from flowcron.cli.alertwords import ALERT_FIELDS, HAPPENED, SIGNS, alert_record
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.table import Column
from flowcron.cli.text import Line, Span
from flowcron.domain.alerting import Event
from flowcron.domain.times import relative, short
from flowcron.history.alerts import OutboxRow, outbox

_COLUMNS = (
    Column(""),
    Column("ID", right=True),
    Column("EVENT", minimum=14),
    Column("CHANNEL", minimum=8, firm=True),
    Column("STATE"),
    Column("TRIES", right=True, drop=2),
    Column("WHEN", drop=1),
    Column("LAST ERROR", minimum=16),
)


@as_command(
    name="outbox",
    group="alerts",
    examples=(
        "flowcron alerts outbox",
        "flowcron alerts outbox --state waiting",
        "flowcron alerts outbox --all --json id,job,channel,state,error",
    ),
    fields=ALERT_FIELDS,
)
@click.option(
    "--state",
    type=click.Choice(tuple(SIGNS)),
    metavar="STATE",
    help="Only what is waiting, sent or dead (never could be sent).",
)
@click.option("-n", "limit", type=click.IntRange(min=0), default=20, help="How many; 20.")
@click.option("--all", "everything", is_flag=True, help="All there are.")
@pass_session
def command(session: Session, *, state: str | None, limit: int, everything: bool) -> None:
    """Show what channels were told and are still to be told, newest first."""
    found = outbox(session.history, state=state, limit=-1 if everything else limit)
    if not session.is_for_people:
        records = [alert_record(row, session.zone) for row in found]
        document = {"schema": "flowcron.outbox/1", "outbox": []}
        session.records(records, ALERT_FIELDS, document=document)
    elif found:
        with session.paged():
            session.screen.table(_COLUMNS, [_row(session, row) for row in found])
        if any(row.state != "sent" for row in found):
            session.hint("flowcron alerts retry --all")
    else:
        session.note(Span("nothing was to be told", "dim"))


def _row(session: Session, row: OutboxRow) -> tuple[Line, ...]:
    sign = SIGNS[row.state]
    error = row.error if row.state != "sent" else None
    return (
        (sign,),
        (Span(str(row.id)),),
        _event(row),
        (Span(row.way),),
        (Span(row.state, sign.style),),
        (Span(str(row.tries)),),
        (Span(_when(session, row)),),
        (Span(error or "", sign.style),),
    )


def _event(row: OutboxRow) -> Line:
    if row.job is None:
        return (Span(f"{HAPPENED[row.event]}: {row.text}" if row.text else HAPPENED[row.event]),)
    said = (Span(row.job, "strong"), Span(f" {HAPPENED[row.event]}"))
    return (*said, Span(f" · {row.text}", "dim")) if row.event is Event.FAILURE else said


def _when(session: Session, row: OutboxRow) -> str:
    if row.state == "waiting":
        return relative(row.due_at, session.now) if row.due_at > session.now else "now"
    return short(row.sent_at or row.created_at, session.now, session.zone)
