"""The attempts of a run, as people see them."""

from __future__ import annotations

from dataclasses import dataclass

from flowcron.domain.instant import Instant
from flowcron.domain.run import State
from flowcron.history.database import Connection


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt as it is shown."""

    number: int
    state: State
    started_at: Instant | None
    finished_at: Instant | None
    exit_code: int | None
    signal: int | None
    reason: str | None
    last_line: str | None
    pid: int | None
    max_rss: int | None
    cpu: int | None
    output_bytes: int | None
    elided_bytes: int | None


def attempts_of(connection: Connection, run: int) -> list[AttemptRow]:
    """Return the attempts of a run, in order."""
    rows = connection.execute(
        """
        SELECT number, state, started_at, finished_at, exit_code, signal, reason, last_line, pid,
            max_rss, cpu, output_bytes, elided_bytes
        FROM attempts WHERE run_id = ? ORDER BY number
        """,
        (run,),
    )
    return [AttemptRow(number, State(state), *rest) for number, state, *rest in rows]
