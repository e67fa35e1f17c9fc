"""`flowcron alerts ack`: somebody knows that a job is broken, so nobody need be reminded."""

from __future__ import annotations

import click

from flowcron.app.asking import whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.pick import pick_jobs
from flowcron.cli.text import Span
from flowcron.errors import RefusedError
from flowcron.history.alerts import OpenIncident, open_incidents
from flowcron.history.database import open_history, transaction
from flowcron.history.incidents import acknowledge
from flowcron.history.known import job_names
from flowcron.system.poke import poke


@as_command(
    name="ack",
    group="alerts",
    examples=("flowcron alerts ack daily-kpis", "flowcron alerts ack 'etl-*'"),
)
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@pass_session
def command(session: Session, *, jobs: tuple[str, ...]) -> int:
    """Acknowledge that a job is broken: no reminders of it until it works again.

    Who heard that it is broken still hears when it has recovered.
    """
    history = open_history(session.history_path)
    try:
        with transaction(history):
            names = pick_jobs(jobs, job_names(history))
            broken = [each for name, each in open_incidents(history).items() if name in names]
            for incident in broken:
                acknowledge(history, incident.job_id, by=whoami(), at=session.now)
    finally:
        history.close()
    poke(session.history_path.parent)
    if not broken:
        is_not = "is not failing" if len(names) == 1 else "are not failing"
        hint = f"flowcron show {names[0]}"
        raise RefusedError(f"{' and '.join(names)} {is_not}", hint=hint)
    for incident in broken:
        session.note(Span("✓ ", "ok"), Span(incident.job, "strong"), f" {_said(incident)}")
    return 0


def _said(incident: OpenIncident) -> str:
    many = "1 failure" if incident.failures == 1 else f"{incident.failures} failures"
    return f"acknowledged after {many}; no reminders until it works again"
