"""Named facts in aligned lines, as `show` and `status` print them."""

from __future__ import annotations

from collections.abc import Sequence

from flowcron.cli.output import Screen
from flowcron.cli.table import line_width
from flowcron.cli.text import Line, Span

_NAME = 14
_GAP = 6


def fact(screen: Screen, name: str, *parts: Line | str | None) -> None:
    """Write a name and what is known about it; parts that do not fit go on below each other."""
    known = [part if isinstance(part, tuple) else (Span(part),) for part in parts if part]
    if not known:
        return
    again = Span(" " * _NAME)
    for number, line in enumerate(_joined(known, room=screen.room)):
        front = again if number else Span(f"  {name:<{_NAME - 2}}", "dim")
        screen.wrapped(*line, front=front, again=again)


def headline(screen: Screen, *spans: Span | str, place: str) -> None:
    """Write what something is, and at the right where it stands, or below when it must."""
    line = screen.safe(tuple(span if isinstance(span, Span) else Span(span) for span in spans))
    taken = line_width((*line, *screen.safe((Span(place),))))
    blank = _GAP if screen.room is None else screen.room - taken
    if place and blank > 1:
        screen.line(*line, " " * blank, Span(place, "dim"))
        return
    screen.wrapped(*line, again=Span("  "))
    if place:
        screen.wrapped(Span(place, "dim"), front=Span("  "), again=Span("  "))


def _joined(parts: Sequence[Line], *, room: int | None) -> list[Line]:
    lines: list[Line] = [()]
    for part in parts:
        gap = (Span(" " * _GAP),) if lines[-1] else ()
        joined = (*lines[-1], *gap, *part)
        if lines[-1] and room is not None and _NAME + line_width(joined) > room:
            lines.append(part)
        else:
            lines[-1] = joined
    return lines
