"""Where a file's table has references to secrets, or URLs that may be secrets themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowcron.config.positions import Path

Said = tuple[Path, str]
"""A text, and where it is written."""


def secrets_of_jobs(table: dict[str, Any]) -> Iterator[Said]:
    """Yield the references in `secrets` of [defaults] and of jobs."""
    for path, keys in tables_of_jobs(table):
        for name, reference in _table(keys.get("secrets")).items():
            yield from _text(reference, (*path, "secrets", name))


def secrets_of_alerts(table: dict[str, Any]) -> Iterator[Said]:
    """Yield what alerts are sent with: references, or URLs in their place."""
    for name, channel in _table(table.get("alerts")).items():
        path: Path = ("alerts", name)
        to = _table(channel).get("to")
        yield from _text(to, (*path, "to"))
        for number, each in enumerate(to if isinstance(to, list) else ()):
            yield from _text(each, (*path, "to", number))
        yield from _text(_table(channel).get("healthchecks"), (*path, "healthchecks"))
    for name, key in (("smtp", "password"), ("scheduler", "heartbeat"), ("sentry", "dsn")):
        yield from _text(_table(table.get(name)).get(key), (name, key))


def tables_of_jobs(table: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield [defaults] and each job of a file's table, with its path."""
    if isinstance(defaults := table.get("defaults"), dict):
        yield ("defaults",), defaults
    for name, job in _table(table.get("jobs")).items():
        if isinstance(job, dict):
            yield ("jobs", name), job


def _text(value: object, path: Path) -> Iterator[Said]:
    if isinstance(value, str):
        yield path, value


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
