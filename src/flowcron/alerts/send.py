"""Deliver some rows of the outbox, for another process: `python -P -m flowcron.alerts.send`.

The order is JSON on stdin, the answer JSON on stdout, see alerts/order.py. Secrets are looked up
here, so that a scheduler never has one; so is what the message says, from history. What was taken
is marked as sent here too: then it does not matter whether the scheduler still lives.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from flowcron.alerts.delivery import Delivery
from flowcron.alerts.order import Answer, Order, read_order, written_answer
from flowcron.errors import FlowcronError
from flowcron.faults import reach
from flowcron.history import outbox
from flowcron.history.database import DatabaseTrouble, open_history, read_history, transaction
from flowcron.system import clock

LIFETIME = 20  # seconds; whoever ordered it has given up long before


def main() -> None:
    """Do what one order says."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LIFETIME)
    answer = carry_out(read_order(sys.stdin.read()))
    try:
        sys.stdout.write(written_answer(answer))
        sys.stdout.flush()
    except BrokenPipeError:  # nobody is there any more to read it
        os._exit(0)  # at its end Python would flush, and fail, once more


def carry_out(order: Order) -> Answer:
    """Deliver what is ordered, mark what was taken, and return what became of it."""
    began = clock.monotonic()
    history = Path(order.site.history)
    connection = read_history(history)
    try:
        answer = Delivery(order, connection).go()
    finally:
        connection.close()
    if any(answer.sent):
        reach("alert-sent")
        _mark(history, answer)
    return replace(answer, took=clock.monotonic() - began)


def _mark(history: Path, answer: Answer) -> None:
    """Mark what was taken; where that cannot be written, whoever ordered it tries it, too."""
    try:
        connection = open_history(history)
        with closing(connection), transaction(connection):
            outbox.sent(
                connection, answer.sent, at=clock.now(), via=answer.via or "", note=answer.note
            )
    except (DatabaseTrouble, FlowcronError) as error:
        sys.stderr.write(f"what was sent could not be marked: {error}\n")


if __name__ == "__main__":
    main()
