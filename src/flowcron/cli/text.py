"""Text from outside made safe for a screen, and how many cells of the screen text takes."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

_KEPT_IN_TEXT = "\n\t"


class Span(NamedTuple):
    """A piece of a line in one style; the words for styles are in output.py."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def visible(text: str | bytes) -> str:
    r"""Return text in which nothing but newlines and tabs acts on a terminal.

    Bytes that are no UTF-8 and characters that are no text (controls, formats, other line ends,
    private and unassigned ones) are written as \xNN, \uNNNN or \UNNNNNNNN.
    """
    return _made_visible(text, kept=_KEPT_IN_TEXT)


def visible_in_line(text: str | bytes) -> str:
    """Return the same without line breaks and tabs, for a cell of a table or a field of TSV."""
    return _made_visible(text, kept="")


def width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415, TID251 a table that ASCII never needs

    return cell_len(text)


def cut(text: str, room: int, *, ellipsis: str = "…") -> str:
    """Return a text that fits into `room` cells, its end replaced by an ellipsis when it must."""
    if width(text) <= room:
        return text
    if room <= 0:
        return ""
    room -= width(ellipsis)
    kept, used = [], 0
    for char in text:
        used += width(char)
        if used > room:
            break
        kept.append(char)
    return "".join(kept).rstrip() + ellipsis


def _made_visible(text: str | bytes, *, kept: str) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if _is_text(char) or char in kept else _escape(char) for char in text)


def _is_text(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    number = ord(char)
    if char == "\n":
        return "\\n"
    if char == "\t":
        return "\\t"
    if number <= 0xFF:  # noqa: PLR2004 what two digits can say
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 four digits
