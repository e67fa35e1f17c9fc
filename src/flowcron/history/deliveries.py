"""How delivery is doing, for people: each lane of the outbox, and what to try once more."""
# ruff: noqa: S608 statements are put together from the constants here; values are always bound

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowcron.domain.instant import Instant
from flowcron.history.database import Connection


class LaneState(NamedTuple):
    """One target of one channel. `error`, `tries` and `next_try` are of what has failed last.

    `target` is None while nobody has looked at what waits there; `via` is the service behind it.
    """

    channel: str
    target: str | None
    via: str | None = None
    last_sent: Instant | None = None
    waiting: int = 0
    dead: int = 0
    tries: int = 0
    next_try: Instant | None = None
    error: str | None = None


def lane_states(connection: Connection) -> list[LaneState]:
    """Return every lane that anything ever went to or waits in, by name."""
    found: dict[tuple[str, str | None], LaneState] = {}
    for channel, target, last_sent, via in connection.execute(
        """
        SELECT channel, target, max(sent_at), via FROM outbox WHERE state = 'sent'
        GROUP BY channel, target
        """
    ):
        found[channel, target] = LaneState(channel, target, via, Instant(last_sent))
    for state in ("dead", "waiting"):
        for channel, target, count, tries, due, via, error in connection.execute(
            f"""
            SELECT channel, target, count(*), max(tries), due_at, via, error FROM outbox
            WHERE state = '{state}' GROUP BY channel, target
            """
        ):
            lane = found.get((channel, target), LaneState(channel, target))
            lane = lane._replace(via=lane.via or via, error=error)
            if state == "waiting":
                lane = lane._replace(waiting=count, tries=tries, next_try=Instant(due))
            else:
                lane = lane._replace(dead=count)
            found[channel, target] = lane
    return [found[key] for key in sorted(found, key=lambda key: (key[0], key[1] or ""))]


def retry(connection: Connection, rows: Iterable[int] | None, *, at: Instant) -> int:
    """Let rows be tried now, or all that were not delivered; return how many there were.

    What was given up gets one more day; what somebody is just sending is left to them.
    """
    numbers = None if rows is None else tuple(rows)
    chosen = "1" if numbers is None else f"id IN ({', '.join('?' * len(numbers))})"
    cursor = connection.execute(
        f"""
        UPDATE outbox SET created_at = iif(state = 'dead', ?, created_at),
            state = 'waiting', due_at = max(min(due_at, ?), coalesce(leased_until, 0))
        WHERE state IN ('waiting', 'dead') AND {chosen}
        """,
        (at, at, *(numbers or ())),
    )
    return cursor.rowcount
