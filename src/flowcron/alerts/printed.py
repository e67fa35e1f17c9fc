"""What a job printed as a mail, as cron sends it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from pathlib import Path

from flowcron.alerts.facts import Facts, Sender
from flowcron.alerts.gather import output_of
from flowcron.alerts.headline import short_text
from flowcron.alerts.letter import Letter
from flowcron.alerts.message import message_key
from flowcron.domain.run import State
from flowcron.domain.size import human_size
from flowcron.domain.text import visible
from flowcron.history.attempts import AttemptRow, attempts_of
from flowcron.history.database import Connection

MOST = 256_000  # bytes of output in one mail


def printed(connection: Connection, state: Path, facts: Facts, sender: Sender) -> Letter:
    """Return the mail with everything that a run wrote, or the end of it where it is very long."""
    run = facts.run
    attempts = () if run is None else attempts_of(connection, run.id)
    parts = [
        part
        for attempt in attempts
        if run is not None
        for part in _attempt(connection, state, run.id, attempt, of=len(attempts))
    ]
    job = facts.definition
    user = whoami() if job is None or job.user is None else job.user
    result = "ok" if run is not None and run.state is State.SUCCESS else short_text(facts)
    return Letter(
        f"Cron <{user}@{sender.host}> {facts.job}: {result}",
        "".join(parts) or "(its output is no longer kept)\n",
        message_key(sender.history, [facts.row]),
        headers=(("X-Flowcron-Job", facts.job), ("X-Flowcron-Run", str(run.id if run else ""))),
    )


def whoami() -> str:
    """Return the name of the user that this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _attempt(
    connection: Connection, state: Path, run: int, attempt: AttemptRow, *, of: int
) -> Iterator[str]:
    """Yield what an attempt wrote, under a heading where there are several."""
    if of > 1:
        yield f"── attempt {attempt.number} of {of}: {attempt.reason or 'ok'} ──\n"
    output = output_of(connection, state, run, attempt=attempt.number, most=MOST // of)
    left_out = (attempt.output_bytes or 0) - len(output)
    if left_out > 0:
        yield f"(the first {human_size(left_out)} are left out: flowcron logs {run})\n"
    text = visible(output.replace(b"\r\n", b"\n"))
    yield text if text.endswith("\n") or not text else f"{text}\n"
