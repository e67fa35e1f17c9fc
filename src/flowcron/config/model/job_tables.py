"""The tables of jobs and their keys, those of later versions too (see `config.notyet`).

They are typed dictionaries: what the file does not say is not in them, so that defaults can be
laid under a job.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Required

from pydantic import ConfigDict, Field, Tag  # noqa: TID251 this package is its owner
from typing_extensions import TypedDict

from flowcron.config.model.alert_fields import Addresses, Factor, Remind
from flowcron.config.model.fields import (
    Count,
    CronText,
    Duration,
    ExitCode,
    ModuleFunction,
    Name,
    Pattern,
    Period,
    PositiveDuration,
    Program,
    Reference,
    Size,
    SomeText,
    TagName,
    Text,
    Umask,
    VariableName,
    Zone,
    by_kind,
)

STRICT = ConfigDict(extra="forbid", strict=True)

_Argv = Annotated[list[Text], Field(min_length=1), Program()]
_ExitCodes = Annotated[list[ExitCode], Field(min_length=1)]
Command = Annotated[
    Annotated[SomeText, Tag("text")] | Annotated[_Argv, Tag("list")],
    by_kind("a string for the shell or a list of program and arguments"),
]
_Names = Annotated[
    Annotated[Name, Tag("text")] | Annotated[list[Name], Field(min_length=1), Tag("list")],
    by_kind("a name or a list of names"),
]


class RetryTable(TypedDict, total=False):
    """`retry` in full."""

    __pydantic_config__ = STRICT  # type: ignore[misc] # how pydantic configures a TypedDict

    times: Required[Annotated[int, Field(ge=0, le=1_000_000)]]
    delay: Duration
    backoff: Annotated[float, Field(ge=1, le=1_000, allow_inf_nan=False)]
    max_delay: Duration
    jitter: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    on: Annotated[list[Literal["failure", "timeout"]], Field(min_length=1)]
    exit_codes: _ExitCodes
    stop_exit_codes: _ExitCodes


class ExpectTable(TypedDict, total=False):
    """Post-conditions."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    file: SomeText
    fresh: bool
    min_size: Size
    stdout_match: Pattern
    stdout_not_match: Pattern
    min_output: Size


class JobAlertTable(TypedDict, total=False):
    """`alert` in full."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    to: Required[_Names]
    failures: Count
    remind: Remind


class KeepTable(TypedDict, total=False):
    """How much history is kept."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    runs: Count
    days: Count


Keep = Annotated[
    Annotated[PositiveDuration, Tag("text")] | Annotated[KeepTable, Tag("table")],
    by_kind("a duration or { runs = 500, days = 90 }"),
]
_Account = Annotated[
    Annotated[SomeText, Tag("text")] | Annotated[int, Field(ge=0), Tag("number")],
    by_kind("a name or a number"),
]


class DefaultsTable(TypedDict, total=False):
    """The keys that a job may have and [defaults] too."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    timezone: Zone
    timeout: PositiveDuration
    kill_after: Duration
    retry: Annotated[
        Annotated[int, Field(ge=0, le=1_000_000), Tag("number")]
        | Annotated[RetryTable, Tag("table")],
        by_kind("an integer or a table with times, delay, …"),
    ]
    overlap: Literal["skip", "queue", "replace", "allow"]
    max_running: Count
    missed: Literal["once", "all", "skip"]
    missed_within: PositiveDuration
    jitter: Duration
    pool: Name
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
    success_codes: _ExitCodes
    expect: ExpectTable
    slow_after: PositiveDuration
    late_after: PositiveDuration
    unusual: Factor
    alert: Annotated[
        Annotated[Name, Tag("text")]
        | Annotated[list[Name], Tag("list")]
        | Annotated[JobAlertTable, Tag("table")],
        by_kind("a name, a list of names or a table with to, failures, …"),
    ]
    mailto: Addresses
    shell: _Argv
    interpreter: SomeText
    cwd: SomeText
    env: dict[VariableName, Text]
    env_file: SomeText
    inherit_env: bool
    secrets: dict[VariableName, Reference]
    user: _Account
    group: _Account
    umask: Umask
    nice: Annotated[int, Field(ge=-20, le=19)]
    stdin: Text
    on_lost: Literal["record", "rerun"]
    memory: Size
    cpu_time: PositiveDuration
    open_files: Count
    isolation: Literal["scope"]
    executor: Literal["local", "dask"]
    tags: list[TagName]
    runbook: Text
    enabled: bool
    log_limit: Size
    keep: Keep


class JobTable(DefaultsTable, total=False):
    """[jobs.NAME]."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    command: Command
    python: ModuleFunction
    params: dict[str, Any]
    cron: Annotated[
        Annotated[CronText, Tag("text")]
        | Annotated[list[CronText], Field(min_length=1), Tag("list")],
        by_kind("a string or a list of strings"),
    ]
    every: Period
    every_from: Literal["end"]
    start: datetime
    at: Annotated[
        Annotated[datetime, Tag("moment")] | Annotated[list[datetime], Tag("list")],
        by_kind("a date-time or a list of them"),
    ]
    on: Literal["start"]
    after: _Names
    when: Literal["success", "failure", "always"]
    wrapped: bool
    description: Text
