"""What schedules.toml may say and this version does not do yet: delete a line when it does.

Each is a "table.key"; what is said of [jobs.*] holds for [defaults] too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowcron.config.positions import Path

NOT_YET = frozenset(
    {
        "job.python",
        "job.params",
        "job.interpreter",
        "job.wrapped",
        "job.isolation",
        "job.executor",
        "file.dashboard",
        "file.otel",
        "file.dask",
    }
)


def found_in(table: dict[str, Any]) -> Iterator[Path]:
    """Yield the place of every key in a file's table that is not available yet."""
    yield from _in(table, "file", ())
    for name in ("scheduler", "history"):
        yield from _in(table.get(name), name, (name,))
    yield from _in(table.get("defaults"), "job", ("defaults",))
    jobs = table.get("jobs")
    for name, job in jobs.items() if isinstance(jobs, dict) else ():
        yield from _in(job, "job", ("jobs", name))


def _in(table: object, kind: str, path: Path) -> Iterator[Path]:
    for key in table if isinstance(table, dict) else ():
        if f"{kind}.{key}" in NOT_YET:
            yield (*path, key)
