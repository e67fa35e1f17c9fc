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
    for number, line in enumerate(_wrapped(known, room=screen.room)):
        front = Span(f"  {name if not number else '':<{_NAME - 2}}", "dim")
        screen.line(front, *line, fit=True)


def _wrapped(parts: Sequence[Line], *, room: int | None) -> list[Line]:
    lines: list[Line] = [()]
    for part in parts:
        gap = (Span(" " * _GAP),) if lines[-1] else ()
        joined = (*lines[-1], *gap, *part)
        if lines[-1] and room is not None and _NAME + line_width(joined) > room:
            lines.append(part)
        else:
            lines[-1] = joined
    return lines
