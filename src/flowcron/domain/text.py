"""Text from outside that can be kept and shown: whatever its bytes were."""

from __future__ import annotations

import unicodedata

_KEPT_IN_TEXT = "\n\t"


def storable(text: str) -> str:
    r"""Return a text without the halves of characters that bytes which are no UTF-8 become.

    They cannot be encoded, so neither SQLite nor a file takes them; they are written as \udcNN.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def visible(text: str | bytes) -> str:
    r"""Return text in which nothing but newlines and tabs acts on a terminal.

    Bytes that are no UTF-8 and characters that are no text (controls, formats, other line ends,
    private and unassigned ones) are written as \xNN, \uNNNN or \UNNNNNNNN.
    """
    return _made_visible(text, kept=_KEPT_IN_TEXT)


def visible_in_line(text: str | bytes) -> str:
    """Return the same without line breaks and tabs, for a cell of a table or a field of TSV."""
    return _made_visible(text, kept="")


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
