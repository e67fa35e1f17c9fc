"""What the checks look at: one configuration, history and scheduler, read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flowcron.app.asking import scheduler_pid
from flowcron.config.config import Config
from flowcron.config.load import load
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.snapshot import job_from
from flowcron.errors import ConfigError, FlowcronError
from flowcron.history.database import Connection, DatabaseTrouble, read_history
from flowcron.history.known import defined_jobs
from flowcron.history.schedulers import SchedulerRecord, last_scheduler


@dataclass(frozen=True, slots=True)
class Choices:
    """Why these files and settings were chosen.

    `config` and `history` say who named the file. `variables` are the names of the environment
    variables for flowcron that are set, `unknown` those that mean nothing, with a hint each.
    """

    config: str = ""
    history: str = ""
    variables: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str | None], ...] = ()
    charset: str = "UTF-8"


@dataclass(frozen=True)
class Case:
    """One look at everything; what cannot be read is None here, and said by the check about it."""

    now: Instant
    environ: Mapping[str, str]
    config_path: Path | None
    history_path: Path
    choices: Choices = field(default_factory=Choices)
    _closing: list[Callable[[], None]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.history_path.parent

    @cached_property
    def loaded(self) -> Config | ConfigError | None:
        """The configuration, or what is wrong with it; None where there is none."""
        if self.config_path is None:
            return None
        try:
            return load(self.config_path)
        except ConfigError as error:
            return error

    @property
    def config(self) -> Config | None:
        """The configuration, as far as it can be used."""
        return self.loaded if isinstance(self.loaded, Config) else None

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of the configuration, or while it is broken those that were loaded last."""
        if self.config is not None:
            return self.config.jobs
        if self.history is None:
            return ()
        return tuple(job_from(each.name, each.body) for each in defined_jobs(self.history))

    @property
    def scheduled(self) -> tuple[Job, ...]:
        """The jobs that start by themselves."""
        return tuple(job for job in self.jobs if job.enabled and job.when)

    @cached_property
    def opened(self) -> Connection | FlowcronError:
        """The history, empty where nothing was ever run, or why it cannot be read."""
        try:
            connection = read_history(self.history_path)
        except FlowcronError as error:
            return error
        self._closing.append(connection.close)
        return connection

    @property
    def history(self) -> Connection | None:
        """The history, as far as it can be read."""
        return None if isinstance(self.opened, FlowcronError) else self.opened

    @cached_property
    def scheduler(self) -> SchedulerRecord | None:
        """The scheduler that started last."""
        if self.history is None:
            return None
        try:
            return last_scheduler(self.history)
        except DatabaseTrouble:  # it is damaged; the check about the history says so
            return None

    @cached_property
    def pid(self) -> int | None:
        """The process that schedules, or None; raises RefusedError where it cannot be asked."""
        return scheduler_pid(self.history_path)

    def anew(self) -> Case:
        """Return another look at the same, with nothing read yet."""
        return Case(self.now, self.environ, self.config_path, self.history_path, self.choices)

    def close(self) -> None:
        """Close what was opened."""
        while self._closing:
            self._closing.pop()()
