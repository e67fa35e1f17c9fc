"""The jobs that a command talks about, and how each of them is doing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from flowcron.cli.context import Session
from flowcron.cli.text import Span
from flowcron.cli.words import SYMBOLS
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.names import did_you_mean
from flowcron.domain.snapshot import job_from
from flowcron.domain.upcoming import next_time
from flowcron.domain.usual import Usual
from flowcron.errors import ConfigError, NotFoundError
from flowcron.history.known import defined_jobs
from flowcron.history.mutes import Mute, mute_of, mutes_now
from flowcron.history.pauses import Pause, pauses
from flowcron.history.recent import Recent, recent_runs
from flowcron.history.schedulers import last_scheduler
from flowcron.history.usual import usuals

if TYPE_CHECKING:
    from flowcron.config.config import Config

_FEW = 3


class Condition(StrEnum):
    """How a job is doing."""

    OK = "ok"
    FAILING = "failing"
    RUNNING = "running"
    NEW = "new"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class JobView:
    """A job, its last runs and its next time; `usual` is known of one that is running."""

    job: Job
    recent: Recent
    next_at: Instant | None
    pause: Pause | None = None
    usual: Usual | None = None
    mute: Mute | None = None

    @property
    def condition(self) -> Condition:
        """How the job is doing: running goes before failing, which goes before the rest."""
        if self.recent.open is not None:
            return Condition.RUNNING
        if self.recent.failures:
            return Condition.FAILING
        if not self.job.enabled:
            return Condition.DISABLED
        if self.pause is not None:
            return Condition.PAUSED
        return Condition.NEW if self.recent.last is None else Condition.OK

    @property
    def symbol(self) -> Span:
        """The sign in front of the job."""
        if self.recent.open is not None:
            return SYMBOLS[self.recent.open.state]
        if not self.job.enabled or self.pause is not None:
            return Span("‖", "dim")
        last = self.recent.last
        return Span(" ") if last is None else SYMBOLS[last.state]


def configured_jobs(session: Session) -> tuple[Job, ...]:
    """Return the jobs of the configuration, in its order.

    What the scheduler loaded last is read from history when the files are still the same, because
    validating them anew takes longer than all the rest. While the configuration is broken, it is
    what the scheduler goes on with.
    """
    path = session.config_path
    if path is None or is_loaded(session):
        known = _known_jobs(session)
        if known or path is not None:
            return known
    from flowcron.config.load import load  # noqa: PLC0415 pydantic is slow to load

    try:
        return load(session.needed_config).jobs
    except ConfigError as error:
        known = _known_jobs(session)
        if not known:
            raise
        session.warn(f"{path} has {_many(len(error.problems))}; these are the jobs loaded last")
        return known


def job_named(config: Config, name: str) -> Job:
    """Return a job of a configuration; raises NotFoundError when it has none of that name."""
    jobs = {job.name: job for job in config.jobs}
    if name not in jobs:
        raise NotFoundError(
            f'there is no job "{name}" in {config.path}',
            hint=did_you_mean(name, jobs) or "flowcron list",
        )
    return jobs[name]


def is_loaded(session: Session) -> bool:
    """Return whether the configuration is byte for byte what the last scheduler loaded."""
    scheduler = last_scheduler(session.history)
    if scheduler is None or scheduler.config != str(session.config_path):
        return False
    from flowcron.config.sources import digest_at  # noqa: PLC0415 not every command compares

    return scheduler.config_digest == digest_at(session.needed_config)


def views(session: Session, jobs: Iterable[Job], *, last: int, every: bool = True) -> list[JobView]:
    """Return the jobs with their last runs and their next times.

    There are `last` runs of each job that is running or failing, and with `every` of all of them.
    """
    jobs = tuple(jobs)
    recent = recent_runs(session.history, [job.name for job in jobs], count=last if every else _FEW)
    if not every:
        more = [name for name, each in recent.items() if each.open or not each.is_well]
        recent |= recent_runs(session.history, more, count=last)
    paused = pauses(session.history, now=session.now)
    usual = usuals(session.history, [name for name, each in recent.items() if each.open])
    muted = mutes_now(session.history, now=session.now)
    return [
        JobView(
            job,
            recent[job.name],
            _next(session, job, recent[job.name], paused.get(job.name)),
            paused.get(job.name),
            usual.get(job.name),
            mute_of(job, muted),
        )
        for job in jobs
    ]


def _next(session: Session, job: Job, recent: Recent, pause: Pause | None) -> Instant | None:
    if pause is None:
        ended = recent.runs[0].finished_at if recent.runs else None
        return next_time(job, session.now, ended=ended)
    return None if pause.until is None else next_time(job, Instant(pause.until - 1))


def _known_jobs(session: Session) -> tuple[Job, ...]:
    return tuple(job_from(each.name, each.body) for each in defined_jobs(session.history))


def _many(problems: int) -> str:
    return "a mistake" if problems == 1 else f"{problems} mistakes"
