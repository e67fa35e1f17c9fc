"""One file of an attempt's output and the index beside it: what, when, which stream."""

from __future__ import annotations

import os
import struct

# Microseconds since the epoch, then the length in bytes with the stream in its highest bit.
RECORD = struct.Struct("<QI")
STDERR_BIT = 1 << 31
_SAME_MOMENT = 100_000  # µs: what one stream writes within it is one piece


class Segment:
    """A pair of files open for appending: `BASE.START.log` and `BASE.START.idx`.

    START is the place of the first byte in all that the job wrote. The bytes are written first, so
    what the index does not name (yet) is not there for a reader. With `records`, the number of
    those in the index already, an earlier pair is continued.
    """

    __slots__ = ("_index", "_index_end", "_length", "_log", "_stream", "_time", "size", "start")

    def __init__(self, base: str, start: int, *, size: int = 0, records: int | None = None) -> None:
        create = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        create |= os.O_EXCL if records is None else 0
        self.start = start
        self.size = size
        self._log = os.open(f"{base}.{start}.log", create | os.O_APPEND, 0o600)
        try:
            self._index = os.open(f"{base}.{start}.idx", create, 0o600)
        except OSError:
            os.close(self._log)
            if records is None:
                os.unlink(f"{base}.{start}.log")
            raise
        self._index_end = (records or 0) * RECORD.size
        self._time = 0
        self._length = 0
        self._stream = -1

    def append(self, piece: memoryview, stream: int, at: int) -> int:
        """Write as much as there is room for on the disk, at least a byte; return how much."""
        written = os.write(self._log, piece)
        self._name(written, stream, at)
        self.size += written
        return written

    def name(self, count: int, at: int) -> None:
        """Put bytes into the index that are in the log already, as stdout."""
        self._name(count, 0, at)

    def close(self) -> None:
        """Close both files."""
        os.close(self._log)
        os.close(self._index)

    def _name(self, count: int, stream: int, at: int) -> None:
        if stream != self._stream or not 0 <= at - self._time <= _SAME_MOMENT:
            self._index_end += RECORD.size if self._length else 0
            self._stream, self._time, self._length = stream, at, 0
        length = self._length + count
        record = RECORD.pack(self._time, length | (STDERR_BIT if stream else 0))
        os.pwrite(self._index, record, self._index_end)
        self._length = length


def starts_of(base: str) -> list[int]:
    """Return the places where the segments of a log begin, in order."""
    folder, name = os.path.split(base)
    begin, end = name + ".", ".log"
    try:
        entries = os.listdir(folder)
    except FileNotFoundError:
        return []
    places = [
        entry[len(begin) : -len(end)]
        for entry in entries
        if entry.startswith(begin) and entry.endswith(end)
    ]
    return sorted(int(place) for place in places if place.isdecimal())
