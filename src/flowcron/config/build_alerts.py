"""Checked tables to channels and to what they go through: defaults and folders filled in."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flowcron.config.model.alert_tables import AlertTable, SentryTable, SmtpTable
from flowcron.config.secrets import settled
from flowcron.domain.alerting import Event, Rule
from flowcron.domain.channel import MONITOR, AlertTo, Channel, Quiet, Sentry, Smtp
from flowcron.domain.job import DEFAULT_SHELL

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_AS_IT_IS = ("sentry", "group", "limit", "fallback", "output", "params")


@dataclass(frozen=True, slots=True)
class Site:
    """What channels stand on: the folder of files, the zone of hours."""

    folder: Path
    timezone: str


def build_channel(name: str, table: AlertTable, site: Site) -> Channel:
    """Return the channel of a checked table."""
    keys: dict[str, Any] = {**table}
    channel: dict[str, Any] = {key: keys[key] for key in _AS_IT_IS if key in keys}
    channel |= {key: read(keys[key]) for key, read in _READERS.items() if key in keys}
    if "to" in keys:
        channel["to"] = tuple(settled(text, site.folder) for text in texts(keys["to"]))
    if "healthchecks" in keys:
        channel["healthchecks"] = settled(keys["healthchecks"], site.folder)
    if "quiet" in keys:
        begin, end = keys["quiet"]
        channel["quiet"] = Quiet(begin, end, site.timezone)
    is_monitor = "healthchecks" in keys or keys.get("sentry", False)
    if is_monitor:
        channel["group"] = timedelta(0)  # a late ping is a wrong one
    plain = MONITOR if is_monitor else Rule()
    on = frozenset(map(Event, keys["on"])) if "on" in keys else plain.on
    rule = Rule(on, keys.get("failures", plain.failures), keys.get("remind", plain.remind))
    return Channel(name, rule, **channel)


def build_smtp(table: SmtpTable, site: Site) -> Smtp:
    """Return how mail is sent; nothing of it is looked up yet."""
    keys: dict[str, Any] = {**table}
    tls = keys.get("tls", "starttls")
    password = keys.get("password")
    return Smtp(
        keys["host"],
        keys.get("port", _PORTS[tls]),
        keys.get("from_") or f"flowcron@{socket.gethostname()}",
        keys.get("username"),
        None if password is None else settled(password, site.folder),
        tls,
    )


def build_sentry(table: SentryTable, site: Site) -> Sentry:
    """Return where check-ins go."""
    return Sentry(settled(table["dsn"], site.folder), table.get("environment"))


def alerts_to(value: str | list[str] | dict[str, Any]) -> tuple[AlertTo, ...]:
    """Return the channels that a job alerts, each once, written as a name, a list or a table."""
    if not isinstance(value, dict):
        return tuple(map(AlertTo, texts(value)))
    failures, remind = value.get("failures"), value.get("remind")
    return tuple(AlertTo(name, failures, remind) for name in texts(value["to"]))


def texts(value: str | list[str]) -> tuple[str, ...]:
    """Return one text or several, each once."""
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


_READERS: dict[str, Callable[[Any], Any]] = {
    "email": texts,
    "command": lambda value: (*DEFAULT_SHELL, value) if isinstance(value, str) else tuple(value),
}
