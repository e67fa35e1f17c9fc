"""A job: what the user wrote in one table of schedules.toml, with the defaults applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from flowcron.domain.instant import Instant


class Overlap(StrEnum):
    """What happens when a job is due while a run of it is not over."""

    SKIP = "skip"
    QUEUE = "queue"
    REPLACE = "replace"
    ALLOW = "allow"


class Missed(StrEnum):
    """What happens to times that passed while nobody could start them (semantics, rule 15)."""

    ONCE = "once"
    ALL = "all"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Cron:
    """Due at the times of one cron expression, in an IANA time zone."""

    text: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Every:
    """Due each `period` of real time, counted from the Unix epoch; whole seconds, 1 s to 366 d.

    With `start` it is counted from there, and that is the first time.
    """

    period: timedelta
    start: Instant | None = None


@dataclass(frozen=True, slots=True)
class AfterEnd:
    """Due when `period` has passed since the last run of the job ended."""

    period: timedelta


@dataclass(frozen=True, slots=True)
class At:
    """Due at each of these instants, once."""

    times: tuple[Instant, ...]


@dataclass(frozen=True, slots=True)
class OnStart:
    """Due once after each boot of the machine, when the scheduler starts."""


Timed = Cron | Every | At
"""What has times of its own, whatever else happens."""

When = Timed | AfterEnd | OnStart


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failed attempt is followed by another, and after which wait.

    `times` is the number of tries after the first. The nth wait is `delay` times `backoff` to the
    power n - 1, at most `max_delay`, and then up to the share `jitter` (0 to 1) longer or shorter.
    `exit_codes`, when not None, are the only ones retried; `stop_exit_codes` are never retried.
    """

    times: int = 0
    delay: timedelta = timedelta(seconds=10)
    backoff: float = 2.0
    max_delay: timedelta = timedelta(minutes=10)
    jitter: float = 0.2
    on_failure: bool = True
    on_timeout: bool = True
    exit_codes: tuple[int, ...] | None = None
    stop_exit_codes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    `command` is a shell string, run as `shell` + (command,), or an argv. `when` is empty for a
    job that is only started by hand. `env` is added to the environment, in order. `cwd` is an
    absolute path or None for the configuration's folder. `log_limit` is in bytes per attempt.
    """

    name: str
    command: str | tuple[str, ...]
    when: tuple[When, ...] = ()
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    cwd: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    timeout: timedelta | None = None
    kill_after: timedelta = timedelta(seconds=10)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    overlap: Overlap = Overlap.SKIP
    missed: Missed | None = None
    missed_within: timedelta | None = None
    jitter: timedelta | None = None
    success_codes: tuple[int, ...] = (0,)
    log_limit: int = 10_000_000
    enabled: bool = True
    tags: tuple[str, ...] = ()
    description: str = ""
    runbook: str = ""
    file: str = field(default="", compare=False)  # where it stands is no part of what it is
    line: int = field(default=0, compare=False)

    @property
    def timezone(self) -> str:
        """Return the zone its times are told in: that of its first cron line, else UTC."""
        return next((when.timezone for when in self.when if isinstance(when, Cron)), "UTC")

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments, as they are handed to the operating system."""
        if isinstance(self.command, str):
            return (*self.shell, self.command)
        return self.command
