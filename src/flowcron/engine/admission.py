"""Who may begin: a run that may not stands in line, and goes on when what it waits for is free."""

from __future__ import annotations

from flowcron.domain.overlap import at_once
from flowcron.engine.book import ALL_SLOTS, Line, LineKind, Live, slots_of
from flowcron.engine.report import Kind
from flowcron.engine.turn import Turn
from flowcron.faults import reach
from flowcron.history import record, slots


def admit(turn: Turn, live: Live, *, is_only: bool = False) -> None:
    """Begin the next attempt of a run, or let it wait, with the reason in history.

    `is_only` says that no other run of its job is open, which then need not be looked up.
    """
    if is_only:
        turn.book.count_in(live)
    line = _line_for(turn, live)
    if line is None:
        turn.begin(live)
        return
    new = live.waits_at is None
    turn.book.queue(live, line)
    if new and live.waited_before:  # thousands may: neither written nor said again
        return
    why = _why(turn, live, line)
    record.run_queued(turn.db, live.run, waits=why)
    if new:
        turn.say(Kind.QUEUED, f"waits for {why}", live)


def go_on(turn: Turn, line: Line) -> None:
    """Let those begin whose turn it is in a line, as far as there is room."""
    while turn.may_begin and (live := turn.book.first_in(line)) is not None:
        if _line_for(turn, live) == line:
            return
        reach("queue-left")
        admit(turn, live)


def _line_for(turn: Turn, live: Live) -> Line | None:
    """Return where a run has to wait, or None when it may begin."""
    if not _fits_beside_others(turn, live):
        return LineKind.JOB, live.job_id
    turn.book.count_in(live)
    if not turn.may_begin:
        return ALL_SLOTS
    return next((line for line in slots_of(live.job) if _is_full(turn, line)), None)


def _fits_beside_others(turn: Turn, live: Live) -> bool:
    """Return whether its job lets it run beside what is under way of it, here and elsewhere."""
    counted = turn.book.under_way.get(live.job_id, set())
    limit = at_once(live.job)
    if live.run in counted or live.is_forced or limit is None:
        return True
    if len(counted) >= limit:
        return False
    return len(counted) + len(_elsewhere(turn, live)) < limit


def _is_full(turn: Turn, line: Line) -> bool:
    size = _size(turn, line)
    return size is not None and _used(turn, line) >= size


def _size(turn: Turn, line: Line) -> int | None:
    kind, name = line
    return turn.limits.pools.get(str(name)) if kind is LineKind.POOL else turn.limits.max_running


def _used(turn: Turn, line: Line) -> int:
    pool = str(line[1]) if line[0] is LineKind.POOL else None
    here = len(turn.book.slots.get(line, ()))
    return here + slots.attempts_elsewhere(turn.db, pool, owner=turn.owner)


def _elsewhere(turn: Turn, live: Live) -> list[int]:
    return slots.open_elsewhere(turn.db, live.job_id, owner=turn.owner, run=live.run)


def _why(turn: Turn, live: Live, line: Line) -> str:
    """Return what a run waits for, as history says it behind "waits for"."""
    kind, name = line
    if kind is LineKind.JOB:
        others = {*turn.book.under_way.get(live.job_id, ()), *_elsewhere(turn, live)}
        return f"run {min(others)} to end" if len(others) == 1 else f"{len(others)} runs to end"
    size = _size(turn, line)
    if size is None:
        return "a scheduler"
    what = f"pool {name}" if kind is LineKind.POOL else "a slot"
    return f"{what}: {_used(turn, line)} of {size} in use"
