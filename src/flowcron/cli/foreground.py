"""Running a job, and what runs after it, in this very process."""

from __future__ import annotations

import os

from flowcron.app.foreground import Foreground
from flowcron.cli.context import Session
from flowcron.cli.exitcodes import SIGNAL, exit_code
from flowcron.cli.follow import Follower, say_end, writer_for
from flowcron.cli.jobs import job_named
from flowcron.cli.signals import Heard, heard_signals
from flowcron.cli.starting import announce
from flowcron.config.config import Config
from flowcron.config.load import load
from flowcron.domain.chain import downstream, upstream
from flowcron.domain.job import Job
from flowcron.domain.wish import Wish
from flowcron.history.query import RunRow, run_numbered
from flowcron.system.poke import poke


def run_here(session: Session, wish: Wish) -> int:
    """Run a job to its end, and those after it; return the exit code of the job itself."""
    config = load(session.needed_config)
    environment = dict(os.environ) | {
        "FLOWCRON_DB": str(session.history_path),
        "FLOWCRON_CONFIG": str(config.path),
    }
    foreground = Foreground(session.history_path, environment)
    try:
        with heard_signals() as heard:
            jobs = _jobs(config, wish)
            run = foreground.begin(jobs, wish, limits=config.limits)
            announce(session, jobs[0].name, run)
            ended = _follow(session, foreground, heard, run)
            _follow_the_rest(session, foreground, heard)
    finally:
        foreground.close()
        poke(session.history_path.parent)  # a scheduler that has come since may wait for us
    return SIGNAL + heard.first if heard.first else exit_code(ended)


def _jobs(config: Config, wish: Wish) -> list[Job]:
    """Return the job, and those that run after it; of a run again all that its chain may have."""
    first = job_named(config, wish.job)
    afters = {job.name: job.after for job in config.jobs if job.after is not None}
    roots = [first.name] if wish.again is None else upstream(first.name, afters)
    chain = {name for root in roots for name in (root, *downstream(root, afters))}
    others = set() if wish.alone else chain - {first.name}
    return [first, *(job for job in config.jobs if job.name in others)]


def _follow(session: Session, foreground: Foreground, heard: Heard, run: int) -> RunRow:
    """Let the processes of this command go on until a run is over, and show what it writes."""
    follower = Follower(session, run, writer_for(session))
    while (ended := follower.step()) is None:
        session.screen.stream.flush()
        while heard.pending:
            foreground.cancel(heard.take(), at_once=heard.taken > 1)
        foreground.step()
    say_end(session, ended)
    return ended


def _follow_the_rest(session: Session, foreground: Foreground, heard: Heard) -> None:
    while runs := foreground.runs:
        row = run_numbered(session.history, runs[0])
        if row is not None:
            announce(session, row.job, row.id)
        _follow(session, foreground, heard, runs[0])
