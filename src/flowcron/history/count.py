"""How many runs there are and how many went well, for the line below a page of history."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection
from flowcron.history.query import EVENTFUL, OPEN, WHEN

_ENDED_BADLY = "runs.state IN ('failed', 'timed_out', 'lost')"
_EVER = Instant(2**62)


class Count(NamedTuple):
    """How many runs, how many of them ended by themselves, and how many well."""

    runs: int
    ended: int
    ok: int


def count(
    connection: Connection,
    jobs: tuple[str, ...] = (),
    *,
    since: Instant | None = None,
    until: Instant | None = None,
) -> Count:
    """Count the runs of these jobs, or of all, in a span of time."""
    if since is None and until is None:
        return _of_all_times(connection, jobs)
    of_jobs, names = _of(jobs)
    row = connection.execute(
        f"""
        SELECT count(*),
            coalesce(sum(runs.state = 'success' OR {_ENDED_BADLY}), 0),
            coalesce(sum(runs.state = 'success'), 0)
        FROM runs WHERE {WHEN} >= ? AND {WHEN} < ? AND {of_jobs}
        """,
        (since or Instant(0), _EVER if until is None else until, *names),
    ).fetchone()
    return Count(*row)


def _of_all_times(connection: Connection, jobs: tuple[str, ...]) -> Count:
    """Count without looking at each run: a success is what is in neither partial index."""
    of_jobs, names = _of(jobs)
    runs, eventful, bad, still_open = connection.execute(
        f"""
        SELECT (SELECT count(*) FROM runs {f"WHERE {of_jobs.removeprefix('+')}" if jobs else ""}),
            (SELECT count(*) FROM runs WHERE {EVENTFUL} AND {of_jobs}),
            (SELECT count(*) FROM runs WHERE {EVENTFUL} AND +{_ENDED_BADLY} AND {of_jobs}),
            (SELECT count(*) FROM runs WHERE {OPEN} AND {of_jobs})
        """,
        names * 4,
    ).fetchone()
    ok = runs - eventful - still_open
    return Count(runs, ok + bad, ok)


def _of(jobs: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return a condition, and the values in it; a `+` keeps SQLite from an index of no help."""
    if not jobs:
        return "+1", ()
    marks = ", ".join("?" * len(jobs))
    return f"+job_id IN (SELECT id FROM jobs WHERE name IN ({marks}))", jobs
