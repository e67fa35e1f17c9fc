"""Jobs and tags of which nobody is to hear for a while, because somebody said so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.history.database import Connection

TAG = "tag:"


class Mute(NamedTuple):
    """A mute of a job or of a tag ("tag:db"); `until` is None when somebody has to end it."""

    target: str
    since: Instant
    until: Instant | None
    by: str


def mute(
    connection: Connection,
    targets: Iterable[str],
    *,
    until: Instant | None,
    by: str,
    at: Instant,
) -> None:
    """Let nobody hear of some jobs and tags; mutes whose time is over are forgotten."""
    connection.execute("DELETE FROM mutes WHERE until <= ?", (at,))
    connection.executemany(
        """
        INSERT INTO mutes (target, since, until, muted_by) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
            since = excluded.since, until = excluded.until, muted_by = excluded.muted_by
        """,
        [(target, at, until, by) for target in targets],
    )


def unmute(connection: Connection, targets: Iterable[str], *, at: Instant) -> list[str]:
    """End mutes, and return the targets that had one."""
    ended = []
    for target in targets:
        rows = connection.execute(
            "DELETE FROM mutes WHERE target = ? RETURNING coalesce(until, ?) > ?",
            (target, at + 1, at),
        ).fetchall()
        ended += [target for (held,) in rows if held]
    return ended


def mutes_now(connection: Connection, *, now: Instant) -> list[Mute]:
    """Return the mutes that hold, by their target."""
    rows = connection.execute(
        """
        SELECT target, since, until, muted_by FROM mutes
        WHERE until IS NULL OR until > ? ORDER BY target
        """,
        (now,),
    )
    return [Mute(*row) for row in rows]


def mute_of(job: Job, mutes: Iterable[Mute]) -> Mute | None:
    """Return the mute of a job that lasts longest, its own or one of its tags; or None."""
    targets = {job.name, *(f"{TAG}{tag}" for tag in job.tags)}
    held = [mute for mute in mutes if mute.target in targets]
    return max(held, key=lambda mute: (mute.until is None, mute.until or 0), default=None)
