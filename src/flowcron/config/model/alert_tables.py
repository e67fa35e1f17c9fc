"""The tables that say who is told: [alerts.*], and [smtp] and [sentry] that they go through."""

from __future__ import annotations

from typing import Annotated, Literal, Required

from pydantic import Field  # noqa: TID251 this package is its owner
from typing_extensions import TypedDict

from flowcron.config.model.alert_fields import (
    Address,
    Destinations,
    Host,
    Hours,
    Limit,
    Remind,
    SecretUrl,
    SomeAddresses,
)
from flowcron.config.model.fields import Count, Duration, Name, Reference, SomeText
from flowcron.config.model.job_tables import STRICT, Command

_Event = Literal[
    "failure",
    "retry",
    "recovery",
    "missed",
    "late",
    "slow",
    "start",
    "success",
    "scheduler",
]


class AlertTable(TypedDict, total=False):
    """[alerts.NAME]."""

    __pydantic_config__ = STRICT  # type: ignore[misc] # how pydantic configures a TypedDict

    email: SomeAddresses
    to: Destinations
    command: Command
    healthchecks: SecretUrl
    sentry: bool
    on: Annotated[list[_Event], Field(min_length=1)]
    failures: Count
    remind: Remind
    group: Duration
    quiet: Hours
    limit: Limit
    fallback: Name
    output: bool
    params: bool


class SmtpTable(TypedDict, total=False):
    """[smtp]."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    host: Required[Host]
    port: Annotated[int, Field(ge=1, le=65_535)]
    username: SomeText
    password: Reference
    from_: Annotated[Address, Field(alias="from")]
    tls: Literal["starttls", "tls", "none"]


class SentryTable(TypedDict, total=False):
    """[sentry]."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    dsn: Required[SecretUrl]
    environment: SomeText
