"""What the screen can do, and everything that is written on it: safe text, colours, symbols."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from flowcron.cli.text import Line, Span
from flowcron.domain.text import visible_in_line

if TYPE_CHECKING:
    from flowcron.cli.table import Column

_SGR = {
    "ok": "32",
    "failed": "31",
    "late": "33",
    "running": "36",
    "dim": "2",
    "title": "2",
    "strong": "1",
    "mark": "31",
    "error": "1;31",
    "warning": "1;33",
}
_ASCII = str.maketrans(
    {
        "✓": "+", "✗": "x", "◷": "!", "●": "*", "○": "-", "↻": "*", "⊘": "-", "!": "!", "■": "x",
        "‖": "-", "·": "-", "…": "~", "→": ">", "│": "|", "┃": "#", "─": "-", "—": "-",
        "\u2013": "-", "├": "|", "└": "`", "▪": "-", "█": "#", "\u00d7": "x",
        "▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "░": ".", "•": "*",
    }
)  # fmt: skip
"""A character for a character, so that widths stay."""


_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")  # PEP 538


class Screen(NamedTuple):
    """One output stream. `room` is its width in cells, None where nothing is ever cut off.

    `mark` is what each line begins with: its level, where systemd's journal reads it.
    """

    stream: TextIO
    is_terminal: bool = False
    color: bool = False
    ascii: bool = False
    room: int | None = None
    mark: str = ""

    def line(self, *spans: Span | str, fit: bool = False) -> None:
        """Write a line; text from outside may be in it. `fit` cuts it off at the screen's edge."""
        made = self.safe(tuple(span if isinstance(span, Span) else Span(span) for span in spans))
        if fit and self.room is not None:
            from flowcron.cli.table import cut_line  # noqa: PLC0415 programs get no tables

            made = cut_line(made, self.room, ellipsis=self.ellipsis)
        self.stream.write(f"{self.mark}{self._painted(made)}\n")

    def wrapped(self, *spans: Span | str, front: Span | None = None, again: Span) -> None:
        """Write a line that goes on below itself where it is too long.

        It begins with `front`, and what goes on with `again`.
        """
        from flowcron.cli.text import width  # noqa: PLC0415 programs get lines of any length
        from flowcron.cli.wrap import wrapped  # noqa: PLC0415 the same

        made = self.safe(tuple(span if isinstance(span, Span) else Span(span) for span in spans))
        first, later = (0 if each is None else width(each.text) for each in (front, again))
        room = None if self.room is None else self.room - first
        below = None if self.room is None else self.room - later
        for number, line in enumerate(wrapped(made, room, below=below)):
            begin = again if number else front
            self.line(*(() if begin is None else (begin,)), *line)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Line]]) -> None:
        """Write a table that fits the screen."""
        from flowcron.cli.table import fitted  # noqa: PLC0415 programs get no tables

        safe = [[self.safe(cell) for cell in row] for row in rows]
        for line in fitted(columns, safe, room=self.room, ellipsis=self.ellipsis):
            self.stream.write(self._painted(line) + "\n")

    def block(self, text: str) -> None:
        """Write lines, made safe, and end them."""
        for line in text.rstrip("\n").split("\n"):
            self.line(line.expandtabs(4))

    def text(self, text: str) -> None:
        """Write text that is safe already, as it is."""
        self.stream.write(text)

    def raw(self, content: bytes) -> None:
        """Write bytes as they are: only where a person asked for that, or no terminal is there."""
        self.stream.flush()
        self.stream.buffer.write(content)
        self.stream.buffer.flush()

    @property
    def ellipsis(self) -> str:
        """The sign for what was left out, one cell wide."""
        return "~" if self.ascii else "…"

    def safe(self, line: Line) -> Line:
        """Return a line as it can be shown, whatever is in it."""
        if self.ascii:
            return tuple(
                Span(visible_in_line(text).translate(_ASCII), style) for text, style in line
            )
        return tuple(Span(visible_in_line(text), style) for text, style in line)

    def _painted(self, line: Line) -> str:
        if not self.color:
            return "".join(span.text for span in line).rstrip()
        return "".join(
            f"\x1b[{_SGR[style]}m{text}\x1b[0m" if style and text.strip() else text
            for text, style in line
        )


def screen_of(stream: TextIO, *, color: str = "auto", wide: bool = False) -> Screen:
    """Return what a stream can show; `color` is auto, always or never."""
    is_terminal = stream.isatty()
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return Screen(
        stream,
        is_terminal=is_terminal,
        color=color == "always" or (color == "auto" and _wants_color(is_terminal=is_terminal)),
        ascii=_is_ascii(stream),
        room=None if wide else _room(is_terminal=is_terminal),
    )


def terminal_columns() -> int | None:
    """Return the width of the terminal, or None where it does not say."""
    size = _terminal_size()
    return _number("COLUMNS") or (size.columns or None if size else None)


def terminal_height() -> int | None:
    """Return how many lines the terminal has, or None where it does not say."""
    size = _terminal_size()
    return _number("LINES") or (size.lines or None if size else None)


def _wants_color(*, is_terminal: bool) -> bool:
    """Decide as NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM say, in this order."""
    if os.environ.get("NO_COLOR"):
        return False
    if any(
        os.environ.get(name, "0") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")
    ):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"


def _is_ascii(stream: TextIO) -> bool:
    if os.environ.get("FLOWCRON_ASCII", "0") not in {"", "0"}:
        return True
    if locale_of_characters() in {"C", "POSIX"}:
        return True
    encoding = (stream.encoding or sys.getdefaultencoding()).lower()
    return encoding.replace("-", "").replace("_", "") != "utf8"


def locale_of_characters() -> str:
    """Return the locale of characters that was asked for, or "".

    In the C locale Python writes UTF-8 all the same, and says in LC_CTYPE what it made of it.
    """
    of_all, of_characters, otherwise = (
        os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")
    )
    chosen = sys.flags.utf8_mode and "PYTHONUTF8" not in os.environ
    if not of_all and chosen and of_characters in _COERCED:
        return "C" if otherwise else ""
    return of_all or of_characters or otherwise


def _room(*, is_terminal: bool) -> int | None:
    return terminal_columns() if is_terminal else _number("COLUMNS")


def _number(name: str) -> int | None:
    text = os.environ.get(name, "")
    return int(text) or None if text.isdecimal() else None


def _terminal_size() -> os.terminal_size | None:
    for descriptor in (1, 2, 0):
        try:
            return os.get_terminal_size(descriptor)
        except OSError:
            continue
    return None
