"""Tables that fit the screen: flexible columns shrink first, then whole columns go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowcron.cli.text import Line, Span, cut, width

_GAP = 2
_LITTLE = 8  # of a flexible column on a screen too narrow for all minima
_LEAST = 4  # of any flexible column, the firm ones too, where that does not help


class Column(NamedTuple):
    """A column of a table.

    `minimum` is the width down to which a flexible column may shrink; a fixed one has none.
    Columns with a `drop` go when the screen is too narrow, the highest first. A `firm` one is
    flexible only when none is left that could go.
    """

    title: str
    right: bool = False
    minimum: int | None = None
    drop: int = 0
    firm: bool = False


def fitted(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Line]],
    *,
    room: int | None,
    ellipsis: str = "…",
) -> Iterable[Line]:
    """Yield the header and the rows as lines of at most `room` cells (None: any length)."""
    shown = list(range(len(columns)))
    natural = [_natural(column, [row[n] for row in rows]) for n, column in enumerate(columns)]
    widths = _shrunk(columns, natural, shown, room=room)
    while room is not None and _total(widths, shown) > room:
        droppable = [n for n in shown if columns[n].drop]
        if not droppable:
            for least in (_LITTLE, _LEAST):
                widths = _shrunk(columns, natural, shown, room=room, least=least)
                if _total(widths, shown) <= room:
                    break
            break
        shown.remove(max(droppable, key=lambda n: columns[n].drop))
        widths = _shrunk(columns, natural, shown, room=room)
    header = [(Span(column.title, "title"),) for column in columns]
    for row in ([header] if any(column.title for column in columns) else []) + list(rows):
        cells = [_padded(row[n], columns[n], room=widths[n], ellipsis=ellipsis) for n in shown]
        yield _stripped(_joined(cells))


def line_width(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum(width(span.text) for span in line)


def cut_line(line: Line, room: int, *, ellipsis: str = "…") -> Line:
    """Return a line that fits into `room` cells."""
    if line_width(line) <= room:
        return line
    kept: list[Span] = []
    for span in line:
        taken = width(span.text)
        if taken >= room:
            kept.append(Span(cut(span.text + " " * room, room, ellipsis=ellipsis), span.style))
            break
        kept.append(span)
        room -= taken
    return tuple(kept)


def _natural(column: Column, cells: list[Line]) -> int:
    return max((width(column.title), *(line_width(cell) for cell in cells)))


def _total(widths: Sequence[int], shown: list[int]) -> int:
    return sum(widths[n] for n in shown) + _GAP * (len(shown) - 1)


def _shrunk(
    columns: Sequence[Column],
    natural: list[int],
    shown: list[int],
    *,
    room: int | None,
    least: int | None = None,
) -> list[int]:
    """Return the widths after the widest flexible columns have given what they can."""
    widths = list(natural)
    while room is not None and _total(widths, shown) > room:
        able = [n for n in shown if widths[n] > _least(columns[n], natural[n], least)]
        if not able:
            break
        widths[max(able, key=widths.__getitem__)] -= 1
    return widths


def _least(column: Column, natural: int, least: int | None) -> int:
    if column.minimum is None or (column.firm and least != _LEAST):
        return natural
    return max(column.minimum, width(column.title)) if least is None else least


def _padded(line: Line, column: Column, *, room: int, ellipsis: str) -> Line:
    line = cut_line(line, room, ellipsis=ellipsis)
    blank = Span(" " * (room - line_width(line)))
    return (blank, *line) if column.right else (*line, blank)


def _joined(cells: list[Line]) -> Line:
    spans: list[Span] = []
    for number, cell in enumerate(cells):
        spans += [Span(" " * _GAP), *cell] if number else cell
    return tuple(spans)


def _stripped(line: Line) -> Line:
    """Return a line without blanks at its end."""
    spans = list(line)
    while spans and not spans[-1].text.strip():
        spans.pop()
    return tuple(spans)
