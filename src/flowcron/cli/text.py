"""Lines in styles, and how many cells of the screen text takes."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a line in one style; the words for styles are in output.py."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


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
