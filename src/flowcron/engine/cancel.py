"""Ending runs before they end by themselves."""

from __future__ import annotations

import signal

from flowcron.domain.run import State
from flowcron.engine.book import Live
from flowcron.engine.report import Kind
from flowcron.engine.turn import Turn
from flowcron.history import record


def cancel(turn: Turn, live: Live, *, by: str, number: int = signal.SIGTERM) -> None:
    """Signal a run that has a process; close one that waits."""
    live.cancelled_by = by
    if live.has_attempt:
        record.run_is_to_end(turn.db, live.run, by=by)
        ask_to_end(turn, live, number=number)
    else:
        close_cancelled(turn, live)


def ask_to_end(turn: Turn, live: Live, *, number: int = signal.SIGTERM) -> None:
    """Have the process of a run signalled once that it is to end is durable."""
    turn.spawns.append(
        {
            "op": "signal",
            "run": live.run,
            "attempt": live.number,
            "signal": int(number),
            "why": "cancel",
            "kill_after": live.job.kill_after.total_seconds(),
        }
    )


def close_cancelled(turn: Turn, live: Live) -> None:
    """End a cancelled run that has no process."""
    reason = f"cancelled by {live.cancelled_by}"
    record.run_closed(turn.db, live.run, state=State.CANCELLED, at=turn.now, reason=reason)
    turn.run_over(live, State.CANCELLED, at=turn.now, reason=reason)
    turn.say(Kind.ENDED, reason, live, state=State.CANCELLED)
