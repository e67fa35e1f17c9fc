"""Reading what an attempt wrote, also while it is being written: pieces in order, and gaps."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowcron.supervisor.segment import RECORD, STDERR_BIT, starts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

STDOUT = 0
STDERR = 1

_AT_ONCE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that one stream wrote; `at` is when the first of them came, in µs since the epoch."""

    at: int
    stream: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that were written and are not kept: past the limit, or the disk took no more."""

    elided: int


def pieces_of(output: bytes, index: bytes) -> Iterator[Piece]:
    """Split a small output, as it is kept in the history, by the index that is kept with it."""
    position = 0
    for at, length, stream in _records(index):
        yield Piece(at, stream, output[position : position + length])
        position += length


class LogReader:
    """Reads a log from its beginning on; each `read` gives what came since the one before.

    `base` is the state directory joined with the attempt's log path. `position` counts the bytes
    that were read or passed by as gaps. A log that vanishes while it is read, because it is small
    and has moved into the history, simply gives nothing more: go on there, from `position`.
    """

    def __init__(self, base: str, *, position: int = 0) -> None:
        self.position = position
        self._base = base
        self._segment: _OpenSegment | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close what is open."""
        self.close()

    def close(self) -> None:
        """Close the files."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def read(self) -> Iterator[Piece | Gap]:
        """Give the pieces that are there by now and were not given before."""
        while True:
            later = self._later()  # looked up first: what is then read of this one is its all
            if self._segment is not None:
                for piece in self._segment.read():
                    self.position += len(piece.content)
                    yield piece
            begun = self.position
            if not self._enter(later):
                return
            if self.position > begun:
                yield Gap(self.position - begun)

    def rest(self, total: int) -> Gap | None:
        """Return the gap at the end of a finished log, given how many bytes were written in all."""
        return Gap(total - self.position) if total > self.position else None

    def _later(self) -> list[int]:
        now = -1 if self._segment is None else self._segment.start
        return [start for start in starts_of(self._base) if start > now]

    def _enter(self, starts: list[int]) -> bool:
        """Go to the first of the segments that is still there: the oldest give way."""
        for start in starts:
            try:
                segment = _OpenSegment(self._base, start)
            except FileNotFoundError:
                continue
            self.close()
            self._segment = segment
            self.position = max(self.position, start)
            segment.skip(self.position - start)
            return True
        return False


class _OpenSegment:
    """One pair of files, which can be read to the end also after they were deleted."""

    def __init__(self, base: str, start: int) -> None:
        self.start = start
        self._index = os.open(f"{base}.{start}.idx", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._log = os.open(f"{base}.{start}.log", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            os.close(self._index)
            raise
        self._record = 0  # the last one seen, which may still grow
        self._before = 0  # where its bytes begin
        self._position = 0

    def skip(self, count: int) -> None:
        """Go on behind the first bytes."""
        self._position = count

    def read(self) -> Iterator[Piece]:
        """Give what the index names behind the position."""
        index = b""
        while chunk := os.pread(self._index, _AT_ONCE, self._record * RECORD.size + len(index)):
            index += chunk
        records = list(_records(index))
        for number, (at, length, stream) in enumerate(records):
            end = self._before + length
            while self._position < end:
                content = os.pread(self._log, min(_AT_ONCE, end - self._position), self._position)
                if not content:  # the machine went down between the two files
                    return
                self._position += len(content)
                yield Piece(at, stream, content)
            if number < len(records) - 1:
                self._record += 1
                self._before = end

    def close(self) -> None:
        """Close both files."""
        os.close(self._index)
        os.close(self._log)


def _records(index: bytes) -> Iterator[tuple[int, int, int]]:
    """Give (time, length, stream) of each complete record."""
    complete = len(index) - len(index) % RECORD.size
    for at, length in RECORD.iter_unpack(index[:complete]):
        yield at, length & ~STDERR_BIT, STDERR if length & STDERR_BIT else STDOUT
