"""Jobs that run once after each boot: `on = "start"`."""

from __future__ import annotations

from flowcron.domain.planner import Decision
from flowcron.domain.run import State, Trigger
from flowcron.engine.claims import claim_time
from flowcron.engine.schedules import is_on_start
from flowcron.engine.turn import Turn
from flowcron.history import record


def begin_after_boot(turn: Turn, boot: str, *, again: bool) -> None:
    """Start each of these jobs that has not run since this boot; all of them when told `again`."""
    for entry in turn.book.entries.values():
        if is_on_start(entry.job) and (again or entry.boot != boot):
            entry.boot = boot
            record.booted(turn.db, entry.id, boot=boot)
            claim_time(turn, entry, Decision(turn.now, State.QUEUED, Trigger.START))
