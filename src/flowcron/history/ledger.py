"""What history knows about one scheduled time of a job: its run, its definition, who was there."""

from __future__ import annotations

from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection
from flowcron.history.query import RunRow, run_numbered, runs_numbered
from flowcron.history.schedulers import SchedulerRecord

_SUMMARY = "stands for %"  # how the reason of a row for very many missed times begins
_SIGNS = 50  # rows before a moment among which there is one that was written before it


class Known(NamedTuple):
    """What a job was from `seen_at` on; `body` is read by domain/snapshot.py."""

    body: str
    seen_at: Instant


class Event(NamedTuple):
    """Something that happened to the scheduler or its clock."""

    at: Instant
    kind: str
    text: str


def runs_at(connection: Connection, job: str, at: Instant) -> list[RunRow]:
    """Return the runs of one scheduled time, newest first; several where the clock was set back."""
    rows = connection.execute(
        "SELECT id FROM runs WHERE scheduled_at = ? AND job_id = (SELECT id FROM jobs WHERE name = ?)",
        (at, job),
    )
    return runs_numbered(connection, [number for (number,) in rows])


def newest_scheduled(connection: Connection, job: str, until: Instant) -> RunRow | None:
    """Return the run with the latest scheduled time up to an instant, or None."""
    row = connection.execute(
        """
        SELECT id FROM runs WHERE job_id = (SELECT id FROM jobs WHERE name = ?)
        AND +scheduled_at <= ? ORDER BY id DESC LIMIT 1
        """,
        (job, until),
    ).fetchone()
    return None if row is None else run_numbered(connection, row[0])


def summary_of(connection: Connection, job: str, at: Instant) -> RunRow | None:
    """Return the row that stands for very many missed times, if one does for this time too."""
    return _first_after(connection, job, at, "reason LIKE ?", _SUMMARY)


def catch_up_after(connection: Connection, job: str, missed: RunRow) -> RunRow | None:
    """Return the run that was started in the place of a missed one, or None."""
    found = _first_after(connection, job, missed.at, "+recorded_at = ?", missed.recorded_at)
    return found if found is not None and found.trigger == "catch-up" else None
