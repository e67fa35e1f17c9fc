"""The output of runs for programs: a record for each line, and for what is missing."""

from __future__ import annotations

from typing import Any

from flowcron.cli.context import Session
from flowcron.cli.logwriter import LineWriter
from flowcron.domain.instant import Instant
from flowcron.domain.times import iso
from flowcron.history.query import RunRow
from flowcron.supervisor.output_read import STDERR

LINE_FIELDS = ("run", "job", "attempt", "at", "stream", "text", "elided")


def recorder(
    session: Session, run: RunRow, records: list[dict[str, Any]], *, streams: frozenset[int]
) -> LineWriter:
    """Return what adds the lines of a run to the records; `elided` counts bytes not kept."""

    def add(attempt: int, **what: Any) -> None:  # noqa: ANN401 a record has values of any kind
        front = {"run": run.id, "job": run.job, "attempt": attempt}
        rest = dict.fromkeys(LINE_FIELDS[3:]) | what
        records.append(front | rest)

    def line(attempt: int, stream: int, at: Instant, line: bytes) -> None:
        add(
            attempt,
            at=iso(at, session.zone),
            stream="stderr" if stream == STDERR else "stdout",
            text=line.decode("utf-8", "backslashreplace"),
        )

    return LineWriter(line, streams=streams, gap=lambda attempt, size: add(attempt, elided=size))
