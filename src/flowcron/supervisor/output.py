"""The log of one attempt: nothing until the first byte, both ends of it past a limit."""

from __future__ import annotations

import os

from flowcron.supervisor.protocol import SMALL_OUTPUT
from flowcron.supervisor.segment import Segment, starts_of

_TAILS = 4  # segments that share the second half of the limit; the oldest of them gives way


def make_private_folder(path: str) -> None:
    """Create a folder, and those above it that are missing, for its owner alone."""
    if not os.path.isdir(path):
        make_private_folder(os.path.dirname(path))
        os.mkdir(path, 0o700)


class AttemptLog:
    """What an attempt wrote, in `BASE.0.log` and, past half the limit, in segments that move on.

    `total` counts all bytes that came, `elided` those that are not kept: the middle past the limit,
    and everything after the disk refused to take more, which never is an error of the run. Bytes
    are counted as they are written down: a secret as its mask. A log that is `hushed` may have held
    secrets.
    """

    __slots__ = ("_base", "_broken", "_current", "_limit", "_segments", "elided", "hushed", "total")

    def __init__(self, base: str, limit: int) -> None:
        self._base = base
        self._limit = limit
        self._segments: list[tuple[int, int]] = []  # (start, size) of those that are complete
        self._current: Segment | None = None
        self._broken = False
        self.total = 0
        self.elided = 0
        self.hushed = False

    def write(self, piece: memoryview, stream: int, at: int) -> None:
        """Append what one stream (0 stdout, 1 stderr) wrote at a time in µs."""
        self.total += len(piece)
        rest = piece
        try:
            while rest and not self._broken:
                segment, room = self._with_room()
                rest = rest[segment.append(rest[:room], stream, at) :]
        except OSError:
            self.give_up()
        self.elided += len(rest)

    def go_on(self, complete: list[tuple[int, int]], current: Segment) -> None:
        """Continue with segments, (start, size), that an earlier supervisor left."""
        self._segments = complete
        self._current = current
        self.total = current.start + current.size
        self.elided = self.total - current.size - sum(size for _, size in complete)

    def give_up(self) -> None:
        """Keep nothing from now on, only count."""
        self._broken = True

    def hush(self) -> None:
        """Keep nothing from now on because there may be secrets in it that nobody knows."""
        self.hushed = True
        self.give_up()

    def close(self) -> None:
        """Close the files; they stay on the disk."""
        if self._current is not None:
            self._current.close()
            self._segments.append((self._current.start, self._current.size))
            self._current = None

    def small(self) -> tuple[bytes, bytes] | None:
        """Return the bytes and the index of a closed log when all of it is small, else None."""
        if not 0 < self.total <= SMALL_OUTPUT or self.elided:
            return None
        try:
            return self._read_all("log"), self._read_all("idx")
        except OSError:
            return None

    def remove(self) -> None:
        """Delete the files of a closed log."""
        for start, _ in self._segments:
            self._remove(start)
        self._segments.clear()

    def _with_room(self) -> tuple[Segment, int]:
        segment = self._current
        if segment is not None:
            room = self._size_of(segment.start) - segment.size
            if room > 0:
                return segment, room
            self.close()
        segment = self._current = self._next()
        return segment, self._size_of(segment.start)

    def _size_of(self, start: int) -> int:
        tail = max(1, self._limit // (2 * _TAILS))
        return tail if start else max(1, self._limit - _TAILS * tail)

    def _next(self) -> Segment:
        """Open the next segment, after the one that has to give way for it is gone."""
        if len(self._segments) > _TAILS:
            start, size = self._segments.pop(1)
            self._remove(start)
            self.elided += size
        start = 0
        if self._segments:
            last, size = self._segments[-1]
            start = last + size
        try:
            return Segment(self._base, start)
        except FileNotFoundError:
            make_private_folder(os.path.dirname(self._base))
        except FileExistsError:  # of a history that was deleted, whose numbers come again
            for stale in starts_of(self._base):
                self._remove(stale)
        return Segment(self._base, start)

    def _read_all(self, suffix: str) -> bytes:
        parts = []
        for start, _ in self._segments:
            with open(f"{self._base}.{start}.{suffix}", "rb") as file:
                parts.append(file.read())
        return b"".join(parts)

    def _remove(self, start: int) -> None:
        for suffix in ("log", "idx"):
            try:
                os.unlink(f"{self._base}.{start}.{suffix}")
            except OSError:  # whoever deleted it first, or the disk: it is gone or stays as it is
                continue
