"""Lines that are too long for the screen, gone on below: broken at blanks where there are some."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from flowcron.cli.text import Line, Span, width

_LEAST = 8  # cells, on the narrowest of screens


def wrapped(line: Line, room: int | None, *, below: int | None = None) -> Iterator[Line]:
    """Yield a line as lines of at most `room` cells, of `below` cells from the second on."""
    rest = [(char, style) for text, style in line for char in text]
    while room is not None and (fitting := _fitting(rest, max(room, _LEAST))) < len(rest):
        end = _break(rest, fitting)
        yield _line(rest[:end])
        rest = rest[end + (rest[end][0] == " ") :]
        room = room if below is None else below
    yield _line(rest)


def _fitting(chars: list[tuple[str, str]], room: int) -> int:
    """Return how many characters fit."""
    for number, (char, _) in enumerate(chars):
        room -= width(char)
        if room < 0:
            return number
    return len(chars)


def _break(chars: list[tuple[str, str]], fitting: int) -> int:
    """Return where the line ends: at its last blank behind a word, or where it is full."""
    blanks = [n for n in range(fitting, 0, -1) if chars[n][0] == " "]
    at_word = next((n for n in blanks if any(char != " " for char, _ in chars[:n])), 0)
    return at_word or max(fitting, 1)


def _line(chars: list[tuple[str, str]]) -> Line:
    return tuple(
        Span("".join(char for char, _ in same), style)
        for style, same in groupby(chars, key=itemgetter(1))
    )
