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
        return
    reason = f"cancelled by {by}"
    record.run_closed(turn.db, live.run, state=State.CANCELLED, at=turn.now, reason=reason)
    turn.run_over(live, State.CANCELLED, at=turn.now, reason=reason)
    turn.say(Kind.ENDED, reason, live, state=State.CANCELLED)
