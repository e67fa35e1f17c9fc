"""What no run needs any more: old events, answered requests, schedulers, definitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection

_ROOMY = 1_000  # free pages, and a third of the file, are worth giving back
_PAGES = 500  # given back in one transaction


class Unused(NamedTuple):
    """The ids of definitions and supervisors that no run and no attempt has."""

    definitions: tuple[int, ...] = ()
    supervisors: tuple[int, ...] = ()


def drop_old(connection: Connection, before: Instant) -> None:
    """Delete what happened, was asked and was told before an instant, and who scheduled until then.

    What channels are still to be told stays, and so do incidents that are not over. The scheduler
    that started last before it stays: it explains what came after.
    """
    connection.execute("DELETE FROM events WHERE at < ?", (before,))
    connection.execute("DELETE FROM requests WHERE applied_at < ?", (before,))
    connection.execute("DELETE FROM outbox WHERE state <> 'waiting' AND created_at < ?", (before,))
    connection.execute("DELETE FROM incidents WHERE closed_at < ?", (before,))
    connection.execute(
        """
        DELETE FROM schedulers WHERE id < (SELECT max(id) FROM schedulers WHERE started_at < ?)
        AND id NOT IN (SELECT scheduler_id FROM requests WHERE scheduler_id IS NOT NULL)
        """,
        (before,),
    )


def unused(connection: Connection, before: Instant) -> Unused:
    """Return what no run has and was no longer in force at an instant.

    The first definition of a job stays: it says since when the job is known. This may
    look through all runs: not for the connection of a scheduler.
    """
    definitions = connection.execute(
        """
        SELECT id FROM definitions AS old
        WHERE id > (SELECT min(id) FROM definitions AS first WHERE first.job_id = old.job_id)
        AND EXISTS (
            SELECT 1 FROM definitions AS newer
            WHERE newer.job_id = old.job_id AND newer.id > old.id AND newer.seen_at < ?)
        AND id NOT IN (SELECT definition_id FROM jobs WHERE definition_id IS NOT NULL)
        AND NOT EXISTS (
            SELECT 1 FROM runs WHERE runs.job_id = old.job_id AND definition_id = old.id)
        """,
        (before,),
    )
    supervisors = connection.execute(
        """
        SELECT id FROM supervisors
        WHERE seen_at < ? AND id < (SELECT max(id) FROM supervisors)
        AND id NOT IN (SELECT supervisor_id FROM attempts WHERE supervisor_id IS NOT NULL)
        """,
        (before,),
    )
    return Unused(_ids(definitions), _ids(supervisors))


def drop_unused(connection: Connection, found: Unused) -> None:
    """Delete what `unused` found."""
    connection.executemany("DELETE FROM definitions WHERE id = ?", _rows(found.definitions))
    connection.executemany("DELETE FROM supervisors WHERE id = ?", _rows(found.supervisors))


def give_back(connection: Connection) -> bool:
    """Give some of the file's free pages back to the disk; return whether that was worth it.

    Where less than a third of the file is free it stays as it is: new runs need the room.
    """
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    if free < max(_ROOMY, pages // 3):
        return False
    for _ in range(_PAGES):
        connection.execute("PRAGMA incremental_vacuum(1)")
    (left,) = connection.execute("PRAGMA freelist_count").fetchone()
    return bool(left < free)


def _ids(rows: Iterable[tuple[int]]) -> tuple[int, ...]:
    return tuple(number for (number,) in rows)


def _rows(ids: Iterable[int]) -> list[tuple[int]]:
    return [(number,) for number in ids]
