"""What people ask for, applied in the turn that marks it as applied."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import Any

from flowcron.domain.text import storable
from flowcron.domain.wish import Wish
from flowcron.engine.by_hand import start_by_hand
from flowcron.engine.cancel import cancel
from flowcron.engine.turn import Turn
from flowcron.errors import FlowcronError, RefusedError
from flowcron.faults import reach
from flowcron.history import requests
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
        turn.had_requests = True
        if request.scheduler not in {None, epoch}:
            gone = Answer({}, "the scheduler it was addressed to is gone", 5)
            requests.answer(turn.db, request.id, gone, at=turn.now)
        elif request.kind == "reload":
            wishes.reload.append(request.id)
        elif request.kind == "ping":
            requests.answer(turn.db, request.id, Answer({}), at=turn.now)
        elif request.kind == "stop":
            wishes.stop = request.arguments.get("how", "")
            requests.answer(turn.db, request.id, Answer({}), at=turn.now)
        else:
            answer = _applied(turn, request, accepting=accepting)
            requests.answer(turn.db, request.id, answer, at=turn.now)
    if turn.had_requests:
        reach("request-applied")
    return wishes


def _applied(turn: Turn, request: Request, *, accepting: bool) -> Answer:
    try:
        if request.kind == "cancel":
            return Answer(_cancelled(turn, request))
        if not accepting:
            raise RefusedError("the scheduler is stopping")
        return Answer({"run": start_by_hand(turn, _wish(request))})
    except FlowcronError as error:
        hint = error.hint and storable(error.hint)
        return Answer({"hint": hint}, storable(error.message), error.exit_code)


def _wish(request: Request) -> Wish:
    asked = request.arguments
    return Wish(
        asked.get("job", ""),
        request.requested_by,
        again=asked.get("run"),
        force=bool(asked.get("force")),
        retries=bool(asked.get("retries", True)),
        alone=bool(asked.get("alone")),
    )


def _cancelled(turn: Turn, request: Request) -> dict[str, Any]:
    """Cancel runs, and say which of them had a process and which only waited.

    Those that are over by now, or that a command runs in the foreground, are in neither list.
    """
    number = int(request.arguments.get("signal", signal.SIGTERM))
    signalled: list[int] = []
    closed: list[int] = []
    for run in request.arguments["runs"]:
        if (live := turn.book.live.get(run)) is not None:
            (signalled if live.has_attempt else closed).append(run)
            cancel(turn, live, by=request.requested_by, number=number)
    return {"signalled": signalled, "closed": closed}
