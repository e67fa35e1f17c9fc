"""The page of history that people see first: jobs whose runs are all alike fold into one line."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from collections.abc import Collection
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


class _Hidden(NamedTuple):
    """A job that is folded, and how many of its runs nobody sees."""

    id: int
    name: str
    runs: int


def newest(connection: Connection, limit: int) -> Window:
    """Return the newest runs but the noise; it costs the same however long the history is."""
    first, last = connection.execute(
        "SELECT (SELECT min(id) FROM runs), (SELECT max(id) FROM runs)"
    ).fetchone()
    if last is None or not limit:
        return Window([], {})
    noisy: frozenset[int] = frozenset()
    lowest = first
    for step in _STEPS:
        lowest = max(first, last - step + 1)
        noisy = _noisy(connection, lowest, last)
        shown = _worth_showing(connection, (lowest, last), noisy, limit=limit)
        if len(shown) == limit or lowest == first:
            break
    numbers, hidden = _unfolded(connection, (lowest, last), noisy, limit=limit)
    return Window(runs_numbered(connection, numbers), {each.name: each.runs for each in hidden})


def between(connection: Connection, since: Instant, until: Instant, *, limit: int) -> Window:
    """Return the newest runs but the noise of a span of time."""
    first, last = connection.execute(
        f"SELECT min(+id), max(+id) FROM runs WHERE {_WHEN} >= ? AND {_WHEN} < ?", (since, until)
    ).fetchone()
    if last is None or not limit:
        return Window([], {})
    noisy = _noisy(connection, first, last)
    numbers = _worth_showing(connection, (first, last), noisy, limit=limit)
    if not numbers:
        noisy = frozenset()
        numbers = _worth_showing(connection, (first, last), noisy, limit=limit)
    hidden = _hidden(connection, first, last, noisy)
    return Window(runs_numbered(connection, numbers), {each.name: each.runs for each in hidden})


def _unfolded(
    connection: Connection, span: tuple[int, int], noisy: frozenset[int], *, limit: int
) -> tuple[list[int], list[_Hidden]]:
    """Return a page and what it hides: of each folded job more than a page could show.

    With every job that is unfolded the page reaches less far back and hides less of the others.
    """
    while True:
        numbers = _worth_showing(connection, span, noisy, limit=limit)
        lowest = numbers[-1] if len(numbers) == limit else span[0]
        hidden = _hidden(connection, lowest, span[1], noisy)
        worth_it = frozenset(each.id for each in hidden if each.runs > NOISE)
        if not numbers:
            worth_it = frozenset()  # there is nothing that they keep out of sight
        if worth_it == noisy:
            return numbers, hidden
        noisy = worth_it


def _noisy(connection: Connection, first: int, last: int) -> frozenset[int]:
    rows = connection.execute(
        f"""
        SELECT job_id FROM runs NOT INDEXED WHERE id BETWEEN ? AND ? AND {_UNEVENTFUL}
        GROUP BY job_id HAVING count(*) > ?
        """,
        (first, last, NOISE),
    )
    return frozenset(job for (job,) in rows)


def _worth_showing(
    connection: Connection, span: tuple[int, int], noisy: Collection[int], *, limit: int
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


def _hidden(connection: Connection, first: int, last: int, noisy: Collection[int]) -> list[_Hidden]:
    """Return how many runs each of these jobs hides, the most first."""
    if not noisy:
        return []
    rows = connection.execute(
        f"""
        SELECT job_id, jobs.name, count(*) FROM runs NOT INDEXED JOIN jobs ON jobs.id = job_id
        WHERE runs.id BETWEEN ? AND ? AND job_id IN ({_marks(noisy)}) AND {_UNEVENTFUL}
        GROUP BY job_id ORDER BY count(*) DESC
        """,
        (first, last, *noisy),
    )
    return [_Hidden(*row) for row in rows]


def _marks(values: Collection[int]) -> str:
    return ", ".join("?" * len(values))
