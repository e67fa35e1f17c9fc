"""Attempts that the system has no room for: put off, because that is no fault of their job.

No process, descriptor or memory was to be had, so provably nothing ran. The attempt is taken back,
costs no retry, and is made again a second later, then after twice as long in all each time, at most
after 30 s; until its run is too late, or has waited for an hour. Then it has failed to start.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flowcron.domain.duration import human_duration
from flowcron.domain.instant import SECOND, Instant, micros
from flowcron.domain.text import storable
from flowcron.engine.book import Live
from flowcron.engine.report import Kind
from flowcron.engine.schedules import in_window
from flowcron.engine.turn import Turn
from flowcron.history import record

PATIENCE = micros(timedelta(hours=1))
_SHORTEST, _LONGEST = SECOND, 30 * SECOND


def is_put_off(turn: Turn, live: Live, message: dict[str, Any]) -> bool:
    """Put off the attempt that a message says there was no room for, unless it is too late."""
    if message["ev"] != "spawn_failed" or message["what"] != "resources" or live.cancelled_by:
        return False
    since = live.no_room_since or turn.now
    waited = turn.now - since
    is_late = live.number == 1 and not in_window(live.job, live.scheduled_at, now=turn.now)
    if waited > PATIENCE or is_late:
        return False
    wait = min(max(waited, _SHORTEST), _LONGEST)
    what = storable(f"room for a process: {message['text']} ({message['error']})")
    if not any(other.no_room_since for other in turn.book.live.values()):
        _warn(turn, storable(f"the system has no {what}"))
    live.no_room_since = since
    turn.acks.append([live.run, live.number])
    record.attempt_dropped(turn.db, live.run, live.number)
    live.number -= 1
    turn.attempt_over(live)
    again = Instant(turn.now + wait)
    record.run_put_off(turn.db, live.run, until=again, waits=what)
    turn.book.retry_later(live, again)
    length = human_duration(timedelta(microseconds=wait))
    turn.say(Kind.QUEUED, f"waits for {what}, tries again in {length}", live)
    return True


def _warn(turn: Turn, text: str) -> None:
    record.event(turn.db, "no-room", text, at=turn.now)
    turn.say(Kind.WARNING, text)
