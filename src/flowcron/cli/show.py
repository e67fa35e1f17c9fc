"""`flowcron show`: one job or one run in full."""

from __future__ import annotations

from collections.abc import Sequence

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import NoConfigError, Session, pass_session
from flowcron.cli.jobs import configured_jobs
from flowcron.cli.pick import is_run, no_such_job, pick_run
from flowcron.cli.place import placed
from flowcron.cli.policies import afters_of
from flowcron.cli.showjob import JOB_FIELDS, job_document, write_job
from flowcron.cli.showrun import run_document, write_run
from flowcron.domain.job import Job
from flowcron.domain.snapshot import job_from
from flowcron.errors import ConfigError
from flowcron.history.known import job_names, last_definition
from flowcron.history.run_record import RUN_FIELDS


@as_command(
    name="show",
    examples=(
        "flowcron show backup",
        "flowcron show 1482",
        "flowcron show backup~1",
        "flowcron show @failed --json",
    ),
    fields=tuple(dict.fromkeys((*RUN_FIELDS, "alerts", *JOB_FIELDS))),
)
@click.argument("what", metavar="JOB|RUN")
@click.option("--exit-status", is_flag=True, help="Exit with the exit code of the run.")
@pass_session
def command(session: Session, *, what: str, exit_status: bool) -> int:
    """Show one job, or one run, in full."""
    if exit_status or is_run(what):
        run = pick_run(session.history, what)
        if session.is_for_people:
            with session.paged():
                write_run(session, run)
        else:
            session.document(run_document(session, run))
        return _exit_status(run.exit_code, run.signal) if exit_status else 0
    configured = _configured(session)
    job = placed(session, _job_named(session, what, configured))
    if session.is_for_people:
        with session.paged():
            write_job(session, job, afters_of(configured))
    else:
        session.document(job_document(session, job, afters_of(configured)))
    return 0


def _exit_status(code: int | None, signal: int | None) -> int:
    if signal is not None:
        return 128 + signal
    return 1 if code is None else code


def _configured(session: Session) -> tuple[Job, ...]:
    """Return the jobs of the configuration, or none where history has to do without one."""
    try:
        return configured_jobs(session)
    except (ConfigError, NoConfigError):
        if not job_names(session.history):
            raise
        return ()


def _job_named(session: Session, name: str, configured: Sequence[Job]) -> Job:
    """Return a job as it is configured, or as it was when it ran last."""
    jobs = {job.name: job for job in configured}
    if name in jobs:
        return jobs[name]
    body = last_definition(session.history, name)
    if body is None:
        raise no_such_job(name, [*jobs, *job_names(session.history)])
    return job_from(name, body)
