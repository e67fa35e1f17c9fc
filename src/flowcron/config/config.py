"""What a configuration without a mistake says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from flowcron.domain.channel import Channel, Sentry, Smtp
from flowcron.domain.job import Job, Keep
from flowcron.domain.keep import Keeps
from flowcron.domain.overlap import Limits
from flowcron.errors import Problem


class OnStop(StrEnum):
    """What happens to running jobs when the scheduler is asked to stop."""

    WAIT = "wait"
    LEAVE = "leave"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration without a mistake in it.

    `digest` changes with every byte of any of `files`. `timezone` is that of jobs which name none.
    `pools` pairs each pool with how many runs of the jobs in it may run at a time, `max_running`
    says it of all runs; `on_network` insists on a history on a network file system; `keep` is how
    much history is kept of jobs that do not say it themselves. `heartbeat` is a URL that is pinged
    while the scheduler lives, or a reference to one.
    """

    path: Path
    digest: str
    files: tuple[Path, ...]
    jobs: tuple[Job, ...]
    timezone: str
    pools: tuple[tuple[str, int], ...] = ()
    max_running: int | None = None
    keep: Keep = field(default_factory=lambda: Keep(age=timedelta(days=90)))
    on_stop: OnStop = OnStop.WAIT
    shutdown_grace: timedelta = timedelta(seconds=30)
    history_path: Path | None = None
    on_network: bool = False
    auto_reload: bool = True
    channels: tuple[Channel, ...] = ()
    smtp: Smtp | None = None
    heartbeat: str | None = None
    sentry: Sentry | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def limits(self) -> Limits:
        """How many runs there may be at a time."""
        return Limits(dict(self.pools), self.max_running)

    @property
    def keeps(self) -> Keeps:
        """How much history is kept of each job."""
        return Keeps(self.keep, {job.name: job.keep for job in self.jobs if job.keep is not None})
