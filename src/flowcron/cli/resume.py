"""flowcron resume: schedule paused jobs again."""

from __future__ import annotations

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.jobs import configured_jobs
from flowcron.cli.pick import pick_jobs
from flowcron.cli.text import Span
from flowcron.errors import RefusedError
from flowcron.history.database import open_history, transaction
from flowcron.history.pauses import pauses_ever, resume
from flowcron.system.poke import poke


@as_command(name="resume", examples=("flowcron resume backup", "flowcron resume --all"))
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--all", "everything", is_flag=True, help="All paused jobs.")
@pass_session
def command(session: Session, *, jobs: tuple[str, ...], everything: bool) -> int:
    """Schedule paused jobs again; the times that were left out stay left out."""
    if bool(jobs) == everything:
        raise click.UsageError("name jobs, or say --all")
    history = open_history(session.history_path)
    try:
        names = [each.job for each in pauses_ever(history).values()]
        if not everything:
            known = [job.name for job in configured_jobs(session)]
            names = list(pick_jobs(jobs, [*known, *(name for name in names if name not in known)]))
        with transaction(history):
            resumed = resume(history, names, at=session.now)
    finally:
        history.close()
    poke(session.history_path.parent)
    for name in resumed:
        session.note(Span("✓ ", "ok"), Span(name, "strong"), " is scheduled again")
    if jobs and not resumed:
        raise RefusedError(f"{' and '.join(names)} was not paused", hint="flowcron list")
    return 0
