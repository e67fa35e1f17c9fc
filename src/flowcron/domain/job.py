"""A job: what the user wrote in one table of schedules.toml, with the defaults applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from flowcron.domain.channel import AlertTo
from flowcron.domain.instant import Instant

DEFAULT_SHELL = ("/bin/sh", "-c")


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


class Condition(StrEnum):
    """How the jobs before it must have ended for a job that runs after them."""

    SUCCESS = "success"
    FAILURE = "failure"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class After:
    """Due when runs of all these jobs, in one chain, are over and the condition holds."""

    jobs: tuple[str, ...]
    condition: Condition = Condition.SUCCESS


Timed = Cron | Every | At
"""What has times of its own, whatever else happens."""

When = Timed | AfterEnd | OnStart | After


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
class Expectation:
    """What must be true after an attempt that ended well, or it has failed all the same.

    `file` is a path or a glob, relative to the job's folder; `fresh` wants it changed since the
    attempt started. `min_size` (of the file) and `min_output` (of all it wrote) are in bytes, the
    patterns are searched for in stdout.
    """

    file: str | None = None
    fresh: bool = False
    min_size: int | None = None
    stdout_match: str | None = None
    stdout_not_match: str | None = None
    min_output: int | None = None


class OnLost(StrEnum):
    """What happens when nobody can know how a run ended: at most once, or at least once."""

    RECORD = "record"
    RERUN = "rerun"


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of the history of a job is kept: the last runs, or those of so long; or both."""

    age: timedelta | None = None
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    `command` is a shell string, run as `shell` + (command,), or an argv. `when` is empty for a
    job that is only started by hand. `env` is added to the environment, in order, after what
    `env_file` says; `secrets` pairs variables with references (see config/secrets.py), which come
    last. `cwd` is an absolute path or None for the configuration's folder. `log_limit` is in bytes
    per attempt. `user` and `group` are names or numbers; `umask` is a number; `memory` (bytes),
    `cpu_time` and `open_files` limit each process. `max_running` holds for overlap = "allow".
    `unusual` is how many times longer, shorter or quieter than usual a run is worth an alert.
    """

    name: str
    command: str | tuple[str, ...]
    when: tuple[When, ...] = ()
    shell: tuple[str, ...] = DEFAULT_SHELL
    cwd: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    timeout: timedelta | None = None
    kill_after: timedelta = timedelta(seconds=10)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    overlap: Overlap = Overlap.SKIP
    missed: Missed | None = None
    missed_within: timedelta | None = None
    jitter: timedelta | None = None
    max_running: int | None = None
    pool: str | None = None
    priority: int = 0
    success_codes: tuple[int, ...] = (0,)
    expect: Expectation | None = None
    slow_after: timedelta | None = None
    late_after: timedelta | None = None
    on_lost: OnLost = OnLost.RECORD
    env_file: str | None = None
    inherit_env: bool = True
    secrets: tuple[tuple[str, str], ...] = ()
    user: str | int | None = None
    group: str | int | None = None
    umask: int | None = None
    nice: int | None = None
    stdin: str | None = None
    memory: int | None = None
    cpu_time: timedelta | None = None
    open_files: int | None = None
    keep: Keep | None = None
    log_limit: int = 10_000_000
    enabled: bool = True
    alert: tuple[AlertTo, ...] = ()
    mailto: tuple[str, ...] = ()
    unusual: float | None = None
    tags: tuple[str, ...] = ()
    description: str = ""
    runbook: str = ""
    file: str = field(default="", compare=False)  # where it stands is no part of what it is
    line: int = field(default=0, compare=False)

    @property
    def after(self) -> After | None:
        """What the job runs after, if it does."""
        return next((when for when in self.when if isinstance(when, After)), None)

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
