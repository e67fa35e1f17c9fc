"""Runs that a person asks for: of a job, or of a run once more."""

from __future__ import annotations

from flowcron.domain.job import Overlap
from flowcron.domain.names import did_you_mean
from flowcron.domain.run import State, Trigger
from flowcron.domain.wish import Wish
from flowcron.engine.book import Entry
from flowcron.engine.claims import claim
from flowcron.engine.turn import Turn
from flowcron.errors import NotFoundError, RefusedError
from flowcron.history import record
from flowcron.history.chains import Repeated, repeated_run
from flowcron.history.record import NewRun


def start_by_hand(turn: Turn, wish: Wish) -> int:
    """Claim a run that a person asked for, and start it or let it wait; return its id.

    Raises NotFoundError for an unknown job or run, and RefusedError, leaving no row, for a job that
    is paused or has a run that is not over where it does not allow another.
    """
    again = None if wish.again is None else _repeated(turn, wish.again)
    entry = _entry(turn, wish.job if again is None else again.job)
    if not wish.force:
        _insist_it_may(turn, entry)
    new = NewRun(
        entry.id,
        entry.definition_id,
        State.QUEUED,
        Trigger.MANUAL if again is None else Trigger.RETRY,
        turn.now,
        requested_by=wish.requested_by,
        owner=turn.owner,
        retries=int(wish.retries),
        chain=None if again is None else again.chain,
        upstream=None if again is None else again.upstream,
        retry_of=wish.again,
        alone=int(wish.alone),
    )
    due_at = None if again is None else again.due_at
    live = claim(turn, entry, new, due_at=due_at, is_forced=wish.force, is_wanted=True)
    if live is None:
        raise AssertionError("a run without a scheduled time conflicts with nothing")
    return live.run


def _repeated(turn: Turn, run: int) -> Repeated:
    found = repeated_run(turn.db, run)
    if found is None:
        raise NotFoundError(f"there is no run {run}", hint="flowcron history")
    if not found.state.is_final:
        raise RefusedError(
            f"run {run} of {found.job} is not over ({found.state})",
            hint=f"flowcron logs -f {run} · flowcron cancel {run}",
        )
    return found


def _entry(turn: Turn, name: str) -> Entry:
    entry = turn.book.entries.get(name)
    if entry is None:
        raise NotFoundError(f'there is no job "{name}"', hint=did_you_mean(name, turn.book.entries))
    return entry


def _insist_it_may(turn: Turn, entry: Entry) -> None:
    name = entry.job.name
    pause = turn.book.pauses.get(entry.id)
    if pause is not None and pause.holds(turn.now):
        raise RefusedError(
            f"{name} is paused", hint=f"flowcron resume {name} · flowcron run {name} --force"
        )
    earlier = record.open_runs_of(turn.db, entry.id)
    if earlier and entry.job.overlap is Overlap.SKIP:
        raise RefusedError(
            f'{name} is already running (run {earlier[0]}) and overlap = "{entry.job.overlap}"',
            hint=f"flowcron logs -f {earlier[0]} · flowcron run {name} --force",
        )
