"""The tables of schedules.toml around its jobs, and the whole file, checked."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError  # noqa: TID251 this package is its owner
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from flowcron.config.model.alert_fields import SecretUrl
from flowcron.config.model.alert_tables import AlertTable, SentryTable, SmtpTable
from flowcron.config.model.fields import ChannelName, Count, Duration, Name, SomeText
from flowcron.config.model.job_tables import (
    STRICT,
    DefaultsTable,
    ExpectTable,
    JobAlertTable,
    JobTable,
    Keep,
    KeepTable,
    RetryTable,
)


class SchedulerTable(TypedDict, total=False):
    """[scheduler]."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    max_running: Count
    on_stop: Literal["wait", "leave", "cancel"]
    shutdown_grace: Duration
    seed: SomeText
    heartbeat: SecretUrl
    reload: Literal["auto", "manual"]


class HistoryTable(TypedDict, total=False):
    """[history]."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    path: SomeText
    network: bool
    keep: Keep


class FileTable(TypedDict, total=False):
    """A whole file."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    include: list[SomeText]
    defaults: DefaultsTable
    jobs: dict[Name, JobTable]
    alerts: dict[ChannelName, AlertTable]
    pools: dict[Name, Count]
    smtp: SmtpTable
    scheduler: SchedulerTable
    history: HistoryTable
    dashboard: dict[str, Any]
    sentry: SentryTable
    otel: dict[str, Any]
    dask: dict[str, Any]


def keys_at(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return the keys that the table at a path may have, as far as they are known by name."""
    if not path:
        table: type = FileTable
    elif len(path) == 2:  # noqa: PLR2004 [jobs.name]
        table = _NAMED.get(str(path[0])) or _NESTED[str(path[-1])]
    else:
        table = _NESTED[str(path[-1])]
    return tuple(name.removesuffix("_") for name in table.__annotations__)


def validated(table: dict[str, Any]) -> tuple[FileTable, list[ErrorDetails]]:
    """Return the table with its values read, or what is wrong with them."""
    try:
        return _FILE.validate_python(table), []
    except ValidationError as error:
        return {}, error.errors(include_url=False)


def file_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file as pydantic sees it."""
    return _FILE.json_schema()


_FILE: TypeAdapter[FileTable] = TypeAdapter(FileTable)
_NESTED: dict[str, type] = {
    "defaults": DefaultsTable,
    "smtp": SmtpTable,
    "sentry": SentryTable,
    "scheduler": SchedulerTable,
    "history": HistoryTable,
    "retry": RetryTable,
    "expect": ExpectTable,
    "alert": JobAlertTable,
    "keep": KeepTable,
}
_NAMED: dict[str, type] = {"jobs": JobTable, "alerts": AlertTable}
