"""What the attempts of a run wrote, wherever it is kept, also while they are still writing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flowcron.domain.run import log_name
from flowcron.history.attempts import AttemptRow, attempts_of
from flowcron.history.database import Connection
from flowcron.history.origin import identity_of_run
from flowcron.history.output import kept_output
from flowcron.history.query import RunRow, run_numbered
from flowcron.supervisor.output_read import Gap, LogReader, Piece, pieces_of


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the output of one attempt, or how many bytes of it are missing there.

    `position` is how many bytes the attempt had written before.
    """

    attempt: int
    piece: Piece | Gap
    position: int = 0


class RunLog:
    """The output of a run from its beginning on; `step` gives what is new."""

    def __init__(
        self, connection: Connection, state: Path, run: int, *, attempt: int | None = None
    ) -> None:
        self._connection = connection
        self._state = state
        self._run = run
        self._only = attempt
        self._number = attempt or 1
        self._reader: LogReader | None = None
        self._position = 0
        self.run: RunRow | None = None

    def step(self) -> Iterator[Chunk]:
        """Give what was written since the last time; `is_over` says whether there may be more."""
        run = run_numbered(self._connection, self._run)
        attempts = {row.number: row for row in attempts_of(self._connection, self._run)}
        while (attempt := attempts.get(self._number)) is not None:
            yield from self._new_of(attempt)
            if attempt.finished_at is None:
                break
            self._close()
            if self._only is not None:
                break
            self._number += 1
        self.run = run

    @property
    def is_over(self) -> bool:
        """Whether the run was over before everything it wrote was given."""
        return self.run is not None and self.run.state.is_final

    def close(self) -> None:
        """Close what is open."""
        if self._reader is not None:
            self._reader.close()

    def _new_of(self, attempt: AttemptRow) -> Iterator[Chunk]:
        kept = kept_output(self._connection, self._run, self._number)
        new = self._from_files() if kept is None else _behind(self._position, *kept)
        for piece in new:
            before = self._position
            self._position += piece.elided if isinstance(piece, Gap) else len(piece.content)
            yield Chunk(self._number, piece, before)
        written = attempt.output_bytes or 0
        if attempt.finished_at is not None and written > self._position:
            yield Chunk(self._number, Gap(written - self._position), self._position)

    def _from_files(self) -> Iterator[Piece | Gap]:
        if self._reader is None:
            history = identity_of_run(self._connection, self._run)
            base = self._state / log_name(self._run, self._number, history=history)
            self._reader = LogReader(str(base), position=self._position)
        return self._reader.read()

    def _close(self) -> None:
        self.close()
        self._reader = None
        self._position = 0


def _behind(position: int, output: bytes, index: bytes) -> Iterator[Piece]:
    """Give the pieces of a kept output behind a position."""
    for piece in pieces_of(output, index):
        if position < len(piece.content):
            yield Piece(piece.at, piece.stream, piece.content[position:])
        position = max(0, position - len(piece.content))
