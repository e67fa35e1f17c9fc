"""flowcron retry: run again what failed."""

from __future__ import annotations

import click

from flowcron.app.asking import whoami
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.pick import pick_run
from flowcron.cli.starting import start
from flowcron.cli.text import Span
from flowcron.domain.run import State
from flowcron.domain.wish import Wish
from flowcron.errors import RefusedError
from flowcron.history.failing import failing_runs
from flowcron.history.query import RunRow, runs_numbered


@as_command(
    name="retry",
    examples=(
        "flowcron retry 1477               # this run once more, for the same scheduled time",
        "flowcron retry backup             # the last run of backup",
        "flowcron retry --failed --since 1d",
        "flowcron retry 1477 -d            # come back at once",
    ),
)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--failed", is_flag=True, help="Every job whose last run failed.")
@click.option("--since", metavar="T", help="With --failed: only what was due since then.")
@click.option("-d", "--detach", is_flag=True, help="Come back as soon as the runs are queued.")
@click.option("--no-retry", is_flag=True, help="Do not try again when it fails.")
@click.option("--force", is_flag=True, help="Start it although the job is running or paused.")
@click.option("--alone", is_flag=True, help="Run nothing of what runs after it.")
@pass_session
def command(  # noqa: PLR0913 one argument an option
    session: Session,
    *,
    runs: tuple[str, ...],
    failed: bool,
    since: str | None,
    detach: bool,
    no_retry: bool,
    force: bool,
    alone: bool,
) -> int:
    """Run again what failed, as a run of its own: with the job as it is configured now.

    It is for the same scheduled time, and in the same chain: what was skipped because of the
    failure runs after it when it goes well. The exit code is the job's own.
    """
    if bool(runs) == failed:
        raise click.UsageError("name runs, or say --failed")
    if since is not None and not failed:
        raise click.UsageError("--since goes with --failed")
    if failed:
        at = session.time(since, "--since")
        chosen = runs_numbered(session.history, failing_runs(session.history, since=at))[::-1]
    else:
        chosen = [_final(pick_run(session.history, selector)) for selector in runs]
    if not chosen:
        session.note(Span("✓ ", "ok"), "no job is failing: nothing to run again")
        return 0
    names = ", ".join(f"{run.id} {run.job}" for run in chosen)
    session.note(Span("↻ ", "late"), f"{_many(len(chosen))}: {names}")
    wishes = [
        Wish(run.job, whoami(), again=run.id, force=force, retries=not no_retry, alone=alone)
        for run in chosen
    ]
    return start(session, wishes, detach=detach)


def _final(run: RunRow) -> RunRow:
    """Return a run that is over; raises RefusedError for one that goes on or went well."""
    if not run.state.is_final:
        raise RefusedError(
            f"run {run.id} of {run.job} is not over ({run.state})",
            hint=f"flowcron logs -f {run.id} · flowcron cancel {run.id}",
        )
    if run.state is State.SUCCESS:
        raise RefusedError(
            f"run {run.id} of {run.job} went well",
            hint=f"to run the job once more: flowcron run {run.job}",
        )
    return run


def _many(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
