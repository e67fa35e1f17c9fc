"""A Problem as text: its line, a caret under what is wrong, and what to write instead.

Plain text in pieces with roles; whoever prints it decides about colours. The source line is shown
as a terminal can show it: tabs as spaces, control characters as escapes, long lines cut around the
caret, and the caret counts columns of the screen, where some characters take two and some none.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from itertools import accumulate

from flowcron.errors import Problem

Line = tuple[tuple["Role", str], ...]

_WIDEST = 100
_BEFORE = 40  # columns kept before the caret in a line that is cut
_TAB = 4


class Role(StrEnum):
    """What a piece of a line is, for colours."""

    ERROR = "error"
    WARNING = "warning"
    MESSAGE = "message"
    FRAME = "frame"
    SOURCE = "source"
    HELP = "help"


def render(problem: Problem, *, file: str | None = None) -> str:
    """Return a problem as plain text."""
    return "\n".join("".join(text for _, text in line) for line in lines_of(problem, file=file))


def lines_of(problem: Problem, *, file: str | None = None) -> tuple[Line, ...]:
    """Return a problem line by line; `file` is the name to show for its file."""
    role = Role.WARNING if problem.warning else Role.ERROR
    title = ((role, f"{role}[{problem.code}]"), (Role.MESSAGE, f": {_printable(problem.message)}"))
    name = _printable(problem.file if file is None else file)
    margin = " " * len(str(problem.line)) if problem.line else " "
    lines: list[Line] = [title]
    if problem.line:
        lines.append(((Role.FRAME, f"{margin}--> {name}:{problem.line}:{problem.column}"),))
        lines += _excerpt(problem, role, margin)
    elif name:
        lines.append(((Role.FRAME, f"{margin}--> {name}"),))
    if problem.help:
        lines.append(
            ((Role.FRAME, f"{margin} = "), (Role.HELP, f"help: {_printable(problem.help)}"))
        )
    return tuple(lines)


def _excerpt(problem: Problem, role: Role, margin: str) -> list[Line]:
    source, start, width = _on_screen(problem)
    caret = " " * start + "^" * width
    return [
        ((Role.FRAME, f"{margin} |"),),
        ((Role.FRAME, f"{problem.line} | "), (Role.SOURCE, source)),
        ((Role.FRAME, f"{margin} | "), (role, caret)),
    ]


def _on_screen(problem: Problem) -> tuple[str, int, int]:
    """Return the source line as shown, and start and width of the caret in screen columns."""
    shown = [_shown(character) for character in problem.source]
    ends = list(accumulate((_columns(text) for text in shown), initial=0))
    first = min(problem.column - 1, len(shown))
    last = max(first, min(first + problem.width, len(shown)))
    start, width = ends[first], max(1, ends[last] - ends[first])
    if ends[-1] <= _WIDEST:
        return "".join(shown).rstrip(), start, width
    return _cut(shown, ends, start, width)


def _cut(shown: list[str], ends: list[int], start: int, width: int) -> tuple[str, int, int]:
    """Return what is around the caret of a line that is too long, with … for the rest."""
    left = max(0, start - _BEFORE)
    inside = [
        number
        for number in range(len(shown))
        if ends[number] >= left and ends[number + 1] <= left + _WIDEST
    ]
    head = "…" if inside[0] else ""
    tail = "…" if inside[-1] + 1 < len(shown) else ""
    begin = ends[inside[0]] - len(head)
    text = "".join(shown[number] for number in inside)
    return f"{head}{text}{tail}", start - begin, max(1, min(width, ends[inside[-1] + 1] - start))


def _shown(character: str) -> str:
    if character == "\t":
        return " " * _TAB
    if character.isprintable() or _is_combining(character):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 one byte


def _columns(text: str) -> int:
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if _is_combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_combining(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"}


def _printable(text: str) -> str:
    return "".join(map(_shown, text))
