"""What schedules.toml may say and this version does not do yet: delete a line when it does.

A path is "table.key", or "table.key=word" for one word of several. What is said of [jobs.*] holds
for [defaults] too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flowcron.config.positions import Path

NOT_YET = frozenset(
    {
        "job.python",
        "job.params",
        "job.interpreter",
        "job.wrapped",
        "job.alert",
        "job.mailto",
        "job.isolation",
        "job.executor",
        "scheduler.heartbeat",
        "file.alerts",
        "file.smtp",
        "file.dashboard",
        "file.sentry",
        "file.otel",
        "file.dask",
    }
)


@dataclass(frozen=True, slots=True)
class NotYet:
    """Something in a file that is not available: a key, or a `word` that is one of its values."""

    path: Path
    word: str | None = None


def found_in(table: dict[str, Any]) -> Iterator[NotYet]:
    """Yield everything in a file's table that is not available yet."""
    yield from _in(table, "file", ())
    for name in ("scheduler", "history"):
        yield from _in(table.get(name), name, (name,))
    yield from _in(table.get("defaults"), "job", ("defaults",))
    jobs = table.get("jobs")
    for name, job in jobs.items() if isinstance(jobs, dict) else ():
        yield from _in(job, "job", ("jobs", name))


def _in(table: object, kind: str, path: Path) -> Iterator[NotYet]:
    for key, value in table.items() if isinstance(table, dict) else ():
        name = f"{kind}.{key}"
        if name in NOT_YET:
            yield NotYet((*path, key))
        elif name in _WITH_WORDS:
            yield from _words(value, name, (*path, key))


def _words(value: object, name: str, path: Path) -> Iterator[NotYet]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _words(item, name, (*path, number))
    elif isinstance(value, str) and f"{name}={value.strip()}" in NOT_YET:
        yield NotYet(path, value.strip())


_WITH_WORDS = frozenset(name.partition("=")[0] for name in NOT_YET if "=" in name)
