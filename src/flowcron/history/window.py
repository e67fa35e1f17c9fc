"""The page of history that people see first: jobs whose runs are all alike fold into one line."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection
from flowcron.history.query import RunRow, runs_numbered

NOISE = 50
"""A job with more uneventful runs than this is folded."""

_STEPS = (2_000, 20_000, 100_000)
"""How many of the newest runs are looked at, until there are enough to show."""

_UNEVENTFUL = """state = 'success' AND attempts <= 1
                 AND "trigger" IN ('schedule', 'catch-up', 'after')"""
_WHEN = "coalesce(scheduled_at, recorded_at)"


class Window(NamedTuple):
    """Runs to show, newest first, and how many runs of each job stand behind them unseen."""

    runs: list[RunRow]
    hidden: dict[str, int]


class Count(NamedTuple):
    """All runs of a span of time: how many, how many ended by themselves, and how many well."""

    runs: int
    ended: int
    ok: int


def newest(connection: Connection, limit: int) -> Window:
    """Return the newest runs but the noise; it costs the same however long the history is."""
    first, last = connection.execute(
        "SELECT (SELECT min(id) FROM runs), (SELECT max(id) FROM runs)"
    ).fetchone()
    if last is None:
        return Window([], {})
    numbers: list[int] = []
    noisy: tuple[int, ...] = ()
    lowest = first
    for step in _STEPS:
        lowest = max(first, last - step + 1)
        noisy = tuple(_noisy(connection, lowest, last))
        numbers = _worth_showing(connection, (lowest, last), noisy, limit=limit)
        if len(numbers) == limit or lowest == first:
            break
    if len(numbers) == limit:
        lowest = numbers[-1]
    return Window(runs_numbered(connection, numbers), _hidden(connection, lowest, last, noisy))


def between(connection: Connection, since: Instant, until: Instant, *, limit: int) -> Window:
    """Return the newest runs but the noise of a span of time."""
    first, last = connection.execute(
        f"SELECT min(+id), max(+id) FROM runs WHERE {_WHEN} >= ? AND {_WHEN} < ?", (since, until)
    ).fetchone()
    if last is None:
        return Window([], {})
    noisy = tuple(_noisy(connection, first, last))
    numbers = _worth_showing(connection, (first, last), noisy, limit=limit)
    return Window(runs_numbered(connection, numbers), _hidden(connection, first, last, noisy))


def count(connection: Connection, since: Instant, until: Instant) -> Count:
    """Count the runs of a span of time."""
    row = connection.execute(
        f"""
        SELECT count(*),
            coalesce(sum(state IN ('success', 'failed', 'timed_out', 'lost')), 0),
            coalesce(sum(state = 'success'), 0)
        FROM runs WHERE {_WHEN} >= ? AND {_WHEN} < ?
        """,
        (since, until),
    ).fetchone()
    return Count(*row)


def _noisy(connection: Connection, first: int, last: int) -> Iterable[int]:
    rows = connection.execute(
        f"""
        SELECT job_id FROM runs NOT INDEXED WHERE id BETWEEN ? AND ? AND {_UNEVENTFUL}
        GROUP BY job_id HAVING count(*) > ?
        """,
        (first, last, NOISE),
    )
    return (job for (job,) in rows)


def _worth_showing(
    connection: Connection, span: tuple[int, int], noisy: tuple[int, ...], *, limit: int
) -> list[int]:
    rows = connection.execute(
        f"""
        SELECT id FROM runs WHERE id BETWEEN ? AND ?
        AND NOT (job_id IN ({_marks(noisy)}) AND {_UNEVENTFUL})
        ORDER BY id DESC LIMIT ?
        """,
        (*span, *noisy, limit),
    )
    return [number for (number,) in rows]


def _hidden(
    connection: Connection, first: int, last: int, noisy: tuple[int, ...]
) -> dict[str, int]:
    if not noisy:
        return {}
    rows = connection.execute(
        f"""
        SELECT jobs.name, count(*) FROM runs NOT INDEXED JOIN jobs ON jobs.id = job_id
        WHERE runs.id BETWEEN ? AND ? AND job_id IN ({_marks(noisy)}) AND {_UNEVENTFUL}
        GROUP BY job_id ORDER BY count(*) DESC
        """,
        (first, last, *noisy),
    )
    return dict(rows.fetchall())


def _marks(values: tuple[int, ...]) -> str:
    return ", ".join("?" * len(values))
