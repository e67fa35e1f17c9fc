"""Having something delivered by a process of its own, which is killed when it takes too long."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from flowcron.alerts.order import Answer, Order, read_answer, written_order
from flowcron.domain.ports import Reply
from flowcron.domain.text import visible_in_line
from flowcron.system.programs import Programs

DEADLINE = 15.0  # seconds
_LIMIT = 1_000_000  # bytes of an answer
_SENDS = (sys.executable, "-P", "-m", "flowcron.alerts.send")
_PINGS = (sys.executable, "-P", "-m", "flowcron.alerts.ping")
_LONGEST = 300  # characters of what a dead process said last


def deliver(programs: Programs, order: Order) -> Answer:
    """Return what became of an order, after 15 s at most."""
    return _answer(programs, _SENDS, written_order(order), rows=order.rows)


def ping(programs: Programs, url: str) -> Answer:
    """Return what became of a ping; `url` may be a reference to one."""
    return _answer(programs, _PINGS, url.encode(), rows=())


def too_late(rows: tuple[int, ...]) -> Answer:
    """Return what is answered for a process that had to be killed."""
    return Answer(failed=rows, error=f"not delivered within {DEADLINE:g} s", hint="is it down?")


def _answer(
    programs: Programs, argv: Sequence[str], question: bytes, *, rows: tuple[int, ...]
) -> Answer:
    try:
        reply = programs.ask(argv, question=question, patience=DEADLINE, limit=_LIMIT)
    except OSError as error:
        message = f"the process that sends could not be started: {error.strerror}"
        return Answer(failed=rows, error=message)
    if reply.status is None:
        return too_late(rows)
    try:
        return read_answer(reply.stdout)
    except ValueError:
        message = f"the process that sends died: {_last_words(reply)}"
        return Answer(failed=rows, error=message)


def _last_words(reply: Reply) -> str:
    lines = [line for line in reply.stderr.splitlines() if line.strip()]
    return visible_in_line(lines[-1])[:_LONGEST] if lines else f"wait status {reply.status}"
