"""What people ask for, applied in the turn that marks it as applied."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowcron.domain.names import did_you_mean
from flowcron.domain.run import State, Trigger
from flowcron.domain.text import storable
from flowcron.engine.claims import live_run
from flowcron.engine.turn import Turn
from flowcron.errors import FlowcronError, NotFoundError, RefusedError
from flowcron.history import record, requests
from flowcron.history.record import NewRun
from flowcron.history.requests import Answer, Request


@dataclass(slots=True)
class Wishes:
    """What requests want of the scheduler itself, to be done after the turn."""

    stop: str | None = None
    reload: list[int] = field(default_factory=list)


def apply_requests(turn: Turn, *, epoch: int, accepting: bool) -> Wishes:
    """Apply every waiting request and return what remains to be done."""
    wishes = Wishes()
    for request in requests.waiting(turn.db):
        if request.scheduler not in {None, epoch}:
            gone = Answer({}, "the scheduler it was addressed to is gone", 5)
            requests.answer(turn.db, request.id, gone, at=turn.now)
        elif request.kind == "reload":
            wishes.reload.append(request.id)
        elif request.kind == "stop":
            wishes.stop = request.arguments.get("how", "")
            requests.answer(turn.db, request.id, Answer({}), at=turn.now)
        else:
            answer = _run(turn, request, accepting=accepting)
            requests.answer(turn.db, request.id, answer, at=turn.now)
    return wishes


def _run(turn: Turn, request: Request, *, accepting: bool) -> Answer:
    try:
        if not accepting:
            raise RefusedError("the scheduler is stopping")
        run = start_by_hand(
            turn,
            request.arguments["job"],
            requested_by=request.requested_by,
            force=bool(request.arguments.get("force")),
            retries=bool(request.arguments.get("retries", True)),
        )
    except FlowcronError as error:
        hint = error.hint and storable(error.hint)
        return Answer({"hint": hint}, storable(error.message), error.exit_code)
    return Answer({"run": run})


def start_by_hand(
    turn: Turn,
    name: str,
    *,
    requested_by: str,
    force: bool,
    retries: bool,
    owner: str | None = None,
) -> int:
    """Claim and start a run that a person asked for.

    Raises NotFoundError for an unknown job and RefusedError, leaving no row, when a run of it is
    not over and the job does not allow another.
    """
    entry = turn.book.entries.get(name)
    if entry is None:
        raise NotFoundError(f'there is no job "{name}"', hint=did_you_mean(name, turn.book.entries))
    pause = turn.book.pauses.get(entry.id)
    if pause is not None and pause.holds(turn.now) and not force:
        raise RefusedError(
            f"{name} is paused", hint=f"flowcron resume {name} · flowcron run {name} --force"
        )
    earlier = None if force else record.open_run_of(turn.db, entry.id)
    if earlier is not None:
        raise RefusedError(
            f'{name} is already running (run {earlier}) and overlap = "{entry.job.overlap}"',
            hint=f"flowcron logs -f {earlier} · flowcron run {name} --force",
        )
    new = NewRun(
        entry.id,
        entry.definition_id,
        State.QUEUED,
        Trigger.MANUAL,
        turn.now,
        requested_by=requested_by,
        owner=owner,
        retries=int(retries),
    )
    run = record.claim(turn.db, new)
    if run is None:
        raise AssertionError("a run without a scheduled time conflicts with nothing")
    live = live_run(entry, run, scheduled_at=None)
    live.retries_left = retries
    turn.begin(live)
    return run
