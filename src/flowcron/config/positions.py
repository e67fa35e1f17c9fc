"""Where every key and value of a TOML text stands; made only when there is something to point at.

The text must be one that tomli has accepted, with plain newlines: nothing is checked here. A path
is a tuple of keys, and indexes in lists: ("jobs", "backup", "retry", "times").
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass

import tomli

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(  # possessive: long texts leave nothing to go back to
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*'"
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_JOB_HEADER = re.compile(r'^[ \t]*\[[ \t]*jobs[ \t]*\.[ \t]*"?([\w-]+)"?[ \t]*\]', re.MULTILINE)
_SCALAR = re.compile(r"[^,\]}#\n]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Offsets in the text: of the last part of the key, and of the value where there is one.

    An item of a list has no key: its value stands for it.
    """

    key: tuple[int, int]
    value: tuple[int, int] | None = None


def index(text: str) -> dict[Path, Place]:
    """Return the place of every key, table and list item."""
    reader = _Reader(text)
    reader.read()
    return reader.places


def lines_of_jobs(text: str, names: Collection[str]) -> dict[str, int]:
    """Return the line of each job, found by its [jobs.NAME] where that is certain and cheap."""
    lines: dict[str, int] = {}
    if '"""' not in text and "'''" not in text:
        line = at = 0
        for header in _JOB_HEADER.finditer(text):
            line += text.count("\n", at, header.start())
            at = header.start()
            lines[header[1]] = line + 1
        if len(lines) == len(names):
            return lines
    places, all_lines = index(text), Lines(text)
    return {name: all_lines.line_and_column(places["jobs", name].key[0])[0] for name in names}


class Lines:
    """The lines of a text, found by offset."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def text_of(self, line: int) -> str:
        """Return a line, counted from 1, without its end."""
        start = self._starts[line - 1]
        end = self._text.find("\n", start)
        return self._text[start:] if end < 0 else self._text[start:end]


@dataclass(slots=True)
class _Open:
    """A list or an inline table whose end has not been reached."""

    path: Path
    start: int
    is_list: bool
    items: int = 0


class _Reader:
    """One pass over a text, without recursion: TOML may be nested deeper than Python's stack."""

    def __init__(self, text: str) -> None:
        self.places: dict[Path, Place] = {}
        self._text = text
        self._table: Path = ()
        self._last_item: dict[Path, int] = {}  # of every array of tables

    def read(self) -> None:
        """Read statement after statement."""
        at = self._skip(_BLANK, 0)
        while at < len(self._text):
            at = self._header(at) if self._text[at] == "[" else self._pair(at)
            at = self._skip(_BLANK, at)

    def _header(self, at: int) -> int:
        is_item = self._text.startswith("[[", at)
        parts, at = self._key(at + 1 + is_item)
        path: Path = ()
        for name, start, end in parts[:-1]:
            path = (*path, name)
            self.places.setdefault(path, Place((start, end)))
            path += (self._last_item[path],) if path in self._last_item else ()
        name, *place = parts[-1]
        path = (*path, name)
        known = self.places.get(path)
        if known is None or not (is_item or known.value):
            self.places[path] = Place((place[0], place[1]))
        if is_item:
            self._last_item[path] = self._last_item.get(path, -1) + 1
            path = (*path, self._last_item[path])
            self.places[path] = Place((place[0], place[1]))
        self._table = path
        return at + 1 + is_item

    def _pair(self, at: int) -> int:
        path, at = self._key_and_equals(self._table, at)
        return self._value(path, at)

    def _value(self, path: Path, at: int) -> int:
        """Record the value that begins here, and all in it; return its end."""
        nested: list[_Open] = []
        while True:
            if self._text[at] in "[{":
                nested.append(_Open(path, at, self._text[at] == "["))
                at += 1
            else:
                at = self._ended(path, at, self._end_of_scalar(at))
            at = self._close(nested, at)
            if not nested:
                return at
            around = nested[-1]
            if around.is_list:
                path = (*around.path, around.items)
                around.items += 1
            else:
                path, at = self._key_and_equals(around.path, at)

    def _close(self, nested: list[_Open], at: int) -> int:
        """Leave what ends here; return where the next item begins, or the end of the last."""
        while nested:
            at = self._skip(_BLANK, at)
            if self._text[at] == ",":
                at = self._skip(_BLANK, at + 1)
            if self._text[at] not in "]}":
                return at
            ended = nested.pop()
            at = self._ended(ended.path, ended.start, at + 1)
        return at

    def _ended(self, path: Path, start: int, end: int) -> int:
        known = self.places.get(path)
        self.places[path] = Place(known.key if known else (start, end), (start, end))
        return end

    def _end_of_scalar(self, at: int) -> int:
        if text := _STRING.match(self._text, at):
            return text.end()
        scalar = _SCALAR.match(self._text, at)
        return at + len(scalar[0].rstrip()) if scalar else at + 1

    def _key_and_equals(self, base: Path, at: int) -> tuple[Path, int]:
        parts, at = self._key(at)
        for name, start, end in parts:
            base = (*base, name)
            self.places.setdefault(base, Place((start, end)))
        return base, self._skip(_SPACE, at + 1)

    def _key(self, at: int) -> tuple[list[tuple[str, int, int]], int]:
        """Return the parts of a dotted key with their offsets, and where what follows begins."""
        parts = []
        while True:
            start = self._skip(_SPACE, at)
            match = _STRING.match(self._text, start) or _BARE.match(self._text, start)
            if match is None:
                raise AssertionError(f"no key at {start}: tomli cannot have accepted this")
            parts.append((_plain(match[0]), start, match.end()))
            at = self._skip(_SPACE, match.end())
            if self._text[at] != ".":
                return parts, at
            at += 1

    def _skip(self, what: re.Pattern[str], at: int) -> int:
        found = what.match(self._text, at)
        return found.end() if found else at


def _plain(written: str) -> str:
    if written[0] not in "\"'":
        return written
    if written[0] == "'" or "\\" not in written:
        return written[1:-1]
    (name,) = tomli.loads(f"{written} = 0")
    return str(name)
