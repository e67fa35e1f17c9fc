"""What a configuration without a mistake says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from flowcron.domain.job import Job
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
    """

    path: Path
    digest: str
    files: tuple[Path, ...]
    jobs: tuple[Job, ...]
    timezone: str
    on_stop: OnStop = OnStop.WAIT
    shutdown_grace: timedelta = timedelta(seconds=30)
    history_path: Path | None = None
    auto_reload: bool = True
    warnings: tuple[Problem, ...] = ()
