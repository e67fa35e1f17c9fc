"""TOML text to a table, going on after a mistake so that a reader sees all of them at once.

A text with a mistake is taken apart at its table headers, and every block is read on its own: what
is broken in one block cannot make the next ones look broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import tomli

from flowcron.errors import Problem

_HEADER = re.compile(r"^[ \t]*\[\[?[ \t]*[A-Za-z_\"'][^,\n]*$", re.MULTILINE)
_MOST = 20
_SAID: tuple[tuple[str, str, str], ...] = (  # what tomli says begins with this; message, help
    ("This is never closed", "", "close the quotes, the list or the table that begins here"),
    ("Invalid value", "this is no value", 'a text goes in quotes: key = "text"'),
    ("Illegal character", "", "write the character as an escape: \\t, \\n, \\u0007"),
    ("Unescaped '\\'", "", "write \\\\, or 'single quotes', which leave backslashes alone"),
    ("Expected '='", "there is no value for this key", "write key = value"),
    ("Expected ']", "the name of the table is not closed", "write [jobs.name]"),
    (
        "Expected newline",
        "this is one thing too many",
        "one key = value on a line, texts in quotes",
    ),
    ("Invalid statement", "this is neither a key nor a table", "write key = value or [jobs.name]"),
    ("Cannot overwrite", "this key is there already", "keep one of them"),
    ("Cannot declare", "this table is there already", "keep one of them"),
    ("Duplicate inline", "this key is there already", "keep one of them"),
    ("Cannot", "", "keep one of them"),
)
_LEFT_OPEN = re.compile(
    r"Invalid value|Illegal character '\\n'|Unclosed|Unterminated|Expected '(\"\"\"|''')'"
)
_FURTHEST_BACK = 30


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What tomli says; `line` counts from 0 within the text that it was given."""

    message: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """What could be read of a text, and of which text: broken lines of it are empty."""

    table: dict[str, Any]
    readable: str
    problems: tuple[Problem, ...] = ()


def parse(text: str, file: str) -> Parsed:
    """Return what can be read of a text, and every mistake in its syntax."""
    table, mistake = _attempt(text)
    if mistake is None:
        return Parsed(table, text)
    kept, mistakes = _without_broken_lines(text)
    table, mistake = _attempt("\n".join(kept))
    while mistake is not None:
        mistakes.append(mistake)
        if len(mistakes) >= _MOST or not _drop_block(kept, mistake.line):
            kept = []
        table, mistake = _attempt("\n".join(kept))
    lines = text.split("\n")
    ordered = sorted(mistakes, key=lambda each: (each.line, each.column))
    problems = tuple(_problem(each, lines, file) for each in ordered)
    return Parsed(table, "\n".join(kept), problems)


def _attempt(text: str) -> tuple[dict[str, Any], _Mistake | None]:
    try:
        return tomli.loads(text), None
    except tomli.TOMLDecodeError as error:
        return {}, _Mistake(error.msg, error.lineno - 1, error.colno - 1)
    except RecursionError:
        return {}, _Mistake("Lists or tables are nested too deeply", -1, 0)
    except ValueError:  # an integer with more digits than Python converts
        return {}, _Mistake("A number has too many digits", -1, 0)


def _without_broken_lines(text: str) -> tuple[list[str], list[_Mistake]]:
    """Return the lines, those that no block can be read with emptied, and why they are."""
    kept: list[str] = []
    mistakes: list[_Mistake] = []
    starts = [0, *(found.start() for found in _HEADER.finditer(text) if found.start()), len(text)]
    for start, end in pairwise(starts):
        block = text[start:end].split("\n")
        if end < len(text):
            block.pop()  # the text before the next header ends with a newline
        mend = len(mistakes) < _MOST
        mistakes += _moved(_mend(block), by=len(kept)) if mend else []
        kept += block
    return kept, mistakes


def _moved(mistakes: list[_Mistake], *, by: int) -> list[_Mistake]:
    return [_Mistake(each.message, max(each.line, 0) + by, each.column) for each in mistakes]


def _mend(block: list[str]) -> list[_Mistake]:
    """Empty the lines of a block that cannot be read; return what is wrong with them."""
    mistakes: list[_Mistake] = []
    while (mistake := _attempt("\n".join(block))[1]) is not None:
        opened = _left_open(mistake, block)
        mistakes.append(opened or mistake)
        line = mistakes[-1].line
        runs_on = opened is not None and mistake.line > line + 1
        hopeless = runs_on or len(mistakes) >= _MOST
        if hopeless or line < 0 or not block[line] or _HEADER.match(block[line]):
            block[max(line, 0) :] = [""] * (len(block) - max(line, 0))
            break
        block[line] = ""
    return mistakes


def _left_open(mistake: _Mistake, block: list[str]) -> _Mistake | None:
    """Return where something was left open that tomli noticed only further down."""
    if not _LEFT_OPEN.match(mistake.message):
        return None
    if mistake.message == "Invalid value" and block[mistake.line][: mistake.column].strip():
        return None
    for line in range(mistake.line, max(mistake.line - _FURTHEST_BACK, -1), -1):
        if block[line].strip() and _attempt("\n".join(block[:line]))[1] is None:
            value = re.match(r"[^=]*=[ \t]*|[ \t]*", block[line])
            return _Mistake("This is never closed", line, value.end() if value else 0)
    return None


def _drop_block(lines: list[str], line: int) -> bool:
    """Empty the block around a line; return whether there was anything to empty."""
    first, last = max(line, 0), max(line, 0) + 1
    while first > 0 and not _HEADER.match(lines[first]):
        first -= 1
    while last < len(lines) and not _HEADER.match(lines[last]):
        last += 1
    was_there = any(lines[first:last])
    lines[first:last] = [""] * (last - first)
    return was_there


def _problem(mistake: _Mistake, lines: list[str], file: str) -> Problem:
    known = (each for each in _SAID if mistake.message.startswith(each[0]))
    _, message, help_ = next(known, ("", "", None))
    message = message or mistake.message[:1].lower() + mistake.message[1:]
    if mistake.line < 0:
        return Problem("syntax", message, help_, file)
    source = lines[mistake.line]
    column = min(mistake.column, len(source))  # tomli looks past a text that ends in mid-escape
    if mistake.message.startswith("Cannot"):  # noticed behind the value; it is about the key
        column = len(source) - len(source.lstrip())
    word = re.compile(r"[^\s=#,\]}]+").match(source, column)
    return Problem(
        "syntax",
        message,
        help_,
        file,
        line=mistake.line + 1,
        column=column + 1,
        width=word.end() - column if word else 1,
        source=source,
    )
