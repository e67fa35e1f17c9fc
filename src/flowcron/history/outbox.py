"""The outbox as its sender sees it: what is due, what became of it; the caller commits.

A row is sent by whoever has the lease on it; a sender that dies lets its leases run out, so that
every row is delivered at least once.
"""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowcron.domain.alerting import Event
from flowcron.domain.delivery import Failed, Waiting
from flowcron.domain.instant import Instant
from flowcron.history.database import Connection

LANES_AT_ONCE = 2_000  # rows that one look takes into account


class Lane(NamedTuple):
    """One target of one channel. `target` is None for alerts that were not looked at yet."""

    channel: str
    target: str | None

    @property
    def name(self) -> str:
        """The lane as people read it: "ops/email"."""
        return f"{self.channel}/{self.target}" if self.target else self.channel


def next_due(connection: Connection, *, after: Instant | None = None) -> Instant | None:
    """Return when the next alert is due that is due after some time, or of all of them."""
    (due,) = connection.execute(
        "SELECT min(due_at) FROM outbox WHERE state = 'waiting' AND due_at > ?",
        (-1 if after is None else after,),
    ).fetchone()
    return None if due is None else Instant(due)


def due_lanes(connection: Connection, *, now: Instant) -> dict[Lane, list[Waiting]]:
    """Return all that waits in the lanes in which something is due, oldest first.

    A lane from which somebody is just sending is left out.
    """
    rows = connection.execute(
        """
        SELECT channel, target, id, event, created_at, due_at, tries, failing_since, fell_back,
            coalesce(leased_until, 0) > ?1
        FROM outbox WHERE state = 'waiting' AND (channel, coalesce(target, '')) IN (
            SELECT channel, coalesce(target, '') FROM outbox
            WHERE state = 'waiting' AND due_at <= ?1)
        ORDER BY id LIMIT ?2
        """,
        (now, LANES_AT_ONCE),
    )
    lanes: dict[Lane, list[Waiting]] = {}
    leased = set()
    for channel, target, number, event, *known, is_leased in rows:
        created, due, tries, failing, fell_back = known
        lane = Lane(channel, target)
        waiting = Waiting(number, Event(event), created, due, tries, failing, bool(fell_back))
        lanes.setdefault(lane, []).append(waiting)
        if is_leased:
            leased.add(lane)
    return {lane: waiting for lane, waiting in lanes.items() if lane not in leased}


def unaddressed(connection: Connection) -> list[tuple[str, bool]]:
    """Return the channels with alerts that have no target yet, and whether those are mails."""
    rows = connection.execute(
        """
        SELECT DISTINCT channel, event = 'mail' FROM outbox
        WHERE state = 'waiting' AND target IS NULL
        """
    )
    return [(channel, bool(is_mail)) for channel, is_mail in rows]


def address(connection: Connection, channel: str, targets: Sequence[str]) -> None:
    """Give each alert of a channel that has no target yet to all of these, a row for each."""
    first, *others = targets
    for target in others:
        connection.execute(
            f"""
            INSERT INTO outbox ({_COPIED}, channel, target, created_at, due_at)
            SELECT {_COPIED}, channel, ?, created_at, due_at FROM outbox
            WHERE state = 'waiting' AND target IS NULL AND channel = ? ORDER BY id
            """,
            (target, channel),
        )
    connection.execute(
        "UPDATE outbox SET target = ? WHERE state = 'waiting' AND target IS NULL AND channel = ?",
        (first, channel),
    )


def lease(
    connection: Connection, rows: Iterable[int], *, now: Instant, until: Instant
) -> list[int]:
    """Take rows for sending, and return those that nobody else has taken."""
    numbers = tuple(rows)
    taken = connection.execute(
        f"""
        UPDATE outbox SET leased_until = ?, due_at = max(due_at, ?)
        WHERE id IN ({_marks(numbers)}) AND state = 'waiting' AND coalesce(leased_until, 0) <= ?
        RETURNING id
        """,
        (until, until, *numbers, now),
    )
    return sorted(row for (row,) in taken)


def hold(connection: Connection, rows: Iterable[int], *, until: Instant) -> None:
    """Let rows wait until then."""
    numbers = tuple(rows)
    connection.execute(
        f"UPDATE outbox SET due_at = ? WHERE id IN ({_marks(numbers)}) AND state = 'waiting'",
        (until, *numbers),
    )


def sent(
    connection: Connection, rows: Iterable[int], *, at: Instant, via: str, note: str | None = None
) -> None:
    """Mark rows as delivered in one message by a service; `note` says what was not all well."""
    numbers = tuple(rows)
    connection.execute(
        f"""
        UPDATE outbox SET state = 'sent', sent_at = ?, via = ?, message = ?, error = ?,
            tries = tries + 1, leased_until = NULL
        WHERE id IN ({_marks(numbers)}) AND state = 'waiting'
        """,
        (at, via, min(numbers, default=None), note, *numbers),
    )


def failed(
    connection: Connection,
    row: int,
    became: Failed,
    *,
    at: Instant,
    error: str,
    via: str | None = None,
) -> None:
    """Write down why a row could not be delivered, and when it is tried again, if it is."""
    connection.execute(
        """
        UPDATE outbox SET state = ?, due_at = coalesce(?, due_at), error = ?,
            via = coalesce(?, via), tries = tries + 1,
            failing_since = coalesce(failing_since, ?), leased_until = NULL
        WHERE id = ? AND state = 'waiting'
        """,
        ("dead" if became.again_at is None else "waiting", became.again_at, error, via, at, row),
    )


def fall_back(connection: Connection, row: int, channel: str, *, at: Instant) -> None:
    """Put a copy of a row into the outbox for another channel; once for each row."""
    cursor = connection.execute(
        "UPDATE outbox SET fell_back = 1 WHERE id = ? AND fell_back = 0", (row,)
    )
    if cursor.rowcount:
        connection.execute(
            """
            INSERT INTO outbox (event, job_id, run_id, incident_id, text, details, channel,
                                created_at, due_at)
            SELECT event, job_id, run_id, incident_id, text,
                json_set(details, '$.fallback_for', channel), ?, created_at, ?
            FROM outbox WHERE id = ?
            """,
            (channel, at, row),
        )


def hurry(connection: Connection, lane: Lane, *, at: Instant) -> None:
    """Let what has failed in a lane be tried now: the lane delivers again."""
    connection.execute(
        """
        UPDATE outbox SET due_at = min(due_at, ?) WHERE channel = ? AND target = ?
            AND state = 'waiting' AND tries > 0 AND coalesce(leased_until, 0) <= ?
        """,
        (at, *lane, at),
    )


def retried_at(connection: Connection, lane: Lane) -> Instant | None:
    """Return when what has failed in a lane is tried again, or None when nothing has."""
    (due,) = connection.execute(
        """
        SELECT max(due_at) FROM outbox WHERE channel = ? AND target IS ?
            AND state = 'waiting' AND tries > 0 AND leased_until IS NULL
        """,
        lane,
    ).fetchone()
    return None if due is None else Instant(due)


def sent_since(connection: Connection, lane: Lane, *, since: Instant) -> list[Instant]:
    """Return when messages were delivered in a lane; those of one message are one."""
    rows = connection.execute(
        """
        SELECT min(sent_at) FROM outbox
        WHERE channel = ? AND target = ? AND state = 'sent' AND sent_at > ? GROUP BY message
        """,
        (*lane, since),
    )
    return [Instant(at) for (at,) in rows]


def release_of_runs(connection: Connection, runs: Iterable[int], *, at: Instant) -> None:
    """Let what is told of these runs be gathered no longer."""
    numbers = tuple(runs)
    connection.execute(
        f"""
        UPDATE outbox SET due_at = min(due_at, ?)
        WHERE run_id IN ({_marks(numbers)}) AND state = 'waiting' AND tries = 0
        """,
        (at, *numbers),
    )


def lanes_of_runs(connection: Connection, runs: Iterable[int]) -> set[Lane]:
    """Return the lanes in which something is told of these runs, for the first time."""
    numbers = tuple(runs)
    rows = connection.execute(
        f"""
        SELECT DISTINCT channel, target FROM outbox
        WHERE run_id IN ({_marks(numbers)}) AND state = 'waiting' AND tries = 0
            AND target IS NOT NULL
        """,
        numbers,
    )
    return {Lane(channel, target) for channel, target in rows}


_COPIED = "event, job_id, run_id, incident_id, text, details"


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
