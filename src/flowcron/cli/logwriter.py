"""Output of runs on the screen: as it was written, or line by line with times and names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Protocol

from flowcron.cli.output import Screen
from flowcron.cli.runlog import Chunk
from flowcron.cli.text import Span
from flowcron.domain.instant import Instant
from flowcron.domain.size import human_size
from flowcron.domain.text import visible
from flowcron.domain.times import local
from flowcron.supervisor.output_read import STDERR, STDOUT, Gap

_LONGEST_LINE = 1_000_000  # bytes kept back while a line goes on


class LogWriter(Protocol):
    """Takes the output of one run."""

    def write(self, chunk: Chunk) -> None:
        """Take the next piece."""

    def finish(self) -> None:
        """Write what was kept back: a line without its end."""


class RawWriter:
    """Writes the bytes as they came; `gap` is told what is missing, so that no byte is ours."""

    def __init__(
        self,
        screen: Screen,
        *,
        streams: frozenset[int],
        gap: Callable[[Chunk, Gap], None] | None = None,
    ) -> None:
        self._screen = screen
        self._streams = streams
        self._gap = gap

    def write(self, chunk: Chunk) -> None:
        """Write a piece."""
        if isinstance(chunk.piece, Gap):
            if self._gap is not None:
                self._gap(chunk, chunk.piece)
        elif chunk.piece.stream in self._streams:
            self._screen.raw(chunk.piece.content)

    def finish(self) -> None:
        """Do nothing: nothing is kept back."""


LineSink = Callable[[int, int, Instant, bytes], None]
"""Takes (attempt, stream, when it was begun, the line without its end)."""


class LineWriter:
    """Puts pieces together to lines and hands them on."""

    def __init__(
        self, sink: LineSink, *, streams: frozenset[int], gap: Callable[[int, int], None]
    ) -> None:
        self._sink = sink
        self._gap = gap
        self._streams = streams
        self._begun: dict[int, tuple[Instant, bytes]] = {}
        self._attempt = 1

    def write(self, chunk: Chunk) -> None:
        """Hand on the lines that are complete with this piece."""
        if chunk.attempt != self._attempt:
            self.finish()
            self._attempt = chunk.attempt
        if isinstance(chunk.piece, Gap):
            self.finish()
            self._gap(chunk.attempt, chunk.piece.elided)
        elif chunk.piece.stream in self._streams:
            self._take(chunk.piece.stream, Instant(chunk.piece.at), chunk.piece.content)

    def finish(self) -> None:
        """Hand on the lines that have no end."""
        for stream, (at, line) in sorted(self._begun.items(), key=lambda item: item[1][0]):
            self._sink(self._attempt, stream, at, line)
        self._begun.clear()

    def _take(self, stream: int, at: Instant, content: bytes) -> None:
        begun_at, begun = self._begun.pop(stream, (at, b""))
        *lines, rest = (begun + content).split(b"\n")
        for number, line in enumerate(lines):
            self._sink(self._attempt, stream, at if number else begun_at, line)
        rest_at = at if lines else begun_at
        if len(rest) > _LONGEST_LINE:
            self._sink(self._attempt, stream, rest_at, rest)
        elif rest:
            self._begun[stream] = (rest_at, rest)


class LinePainter:
    """Writes lines for a person, or with a name or a time in front for a program."""

    def __init__(
        self,
        screen: Screen,
        *,
        name: str = "",
        times: bool = False,
        zone: tzinfo | None = None,
        now: Instant | None = None,
    ) -> None:
        self._screen = screen
        self._name = name
        self._times = times
        self._zone = zone
        self._today = None if now is None else local(now, zone).date()

    def line(self, attempt: int, stream: int, at: Instant, line: bytes) -> None:  # noqa: ARG002 a sink's signature
        """Write a line of output, made safe."""
        bar = Span("┃ ", "mark") if stream == STDERR else Span("│ ", "dim")
        text = visible(line.removesuffix(b"\r")).expandtabs()
        self._screen.line(*self._front(at, bar), text)

    def gap(self, attempt: int, elided: int) -> None:  # noqa: ARG002 as above
        """Write that something is missing."""
        bar = Span("│ ", "dim")
        self._screen.line(*self._front(None, bar), Span(f"… {human_size(elided)} not kept", "dim"))

    def _front(self, at: Instant | None, bar: Span) -> list[Span]:
        spans = [Span(f"{self._name} ", "strong")] if self._name else []
        if self._screen.is_terminal or self._name:
            spans.append(bar)
        if self._times and at is not None:
            spans.append(Span(f"{self._time(at)}  ", "dim"))
        return spans

    def _time(self, at: Instant) -> str:
        """Return a time of today, or of another day, or for a program the exact one."""
        when = local(at, self._zone)
        if not self._screen.is_terminal:
            return when.isoformat()
        return f"{when:%H:%M:%S}" if when.date() == self._today else f"{when:%Y-%m-%d %H:%M:%S}"


BOTH = frozenset({STDOUT, STDERR})
