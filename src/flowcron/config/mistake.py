"""A mistake in what a file says, and its place in the text: that turns it into a Problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowcron.config.positions import Lines, Path, Place, index
from flowcron.config.sources import Source
from flowcron.errors import Problem


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a path.

    The caret marks the value, or the key with `at_key`. `part` narrows it to offsets in a text.
    """

    code: str
    message: str
    path: Path
    help: str | None = None
    at_key: bool = False
    part: tuple[int, int] | None = None
    warning: bool = False


def located(source: Source, mistakes: Iterable[Mistake]) -> list[Problem]:
    """Return the mistakes of one file as Problems, with their places."""
    found = tuple(mistakes)
    if not found:
        return []
    places, lines = index(source.readable), Lines(source.readable)
    return [_problem(mistake, _span(mistake, source, places), lines, source) for mistake in found]


def _span(mistake: Mistake, source: Source, places: dict[Path, Place]) -> tuple[int, int] | None:
    """Return the offsets that the caret marks: of what is there, or of what should contain it."""
    path = mistake.path
    while path and path not in places:
        path = path[:-1]
    if not path:
        return None
    place = places[path]
    if mistake.at_key or place.value is None or path != mistake.path:
        return place.key
    if mistake.part is None:
        return place.value
    return _part_of(place.value, mistake.part, source.readable)


def _part_of(value: tuple[int, int], part: tuple[int, int], text: str) -> tuple[int, int]:
    """Return a part of a quoted text, or all of it where escapes make the offsets differ."""
    written = text[slice(*value)]
    quotes = 3 if written[:3] in {'"""', "'''"} else 1
    inner = written[quotes:-quotes]
    if "\n" in inner or (written[0] == '"' and "\\" in inner):
        return value
    start, end = (value[0] + quotes + min(offset, len(inner)) for offset in part)
    return start, max(end, start + 1)


def _problem(
    mistake: Mistake, span: tuple[int, int] | None, lines: Lines, source: Source
) -> Problem:
    plain = Problem(
        mistake.code, mistake.message, mistake.help, str(source.path), warning=mistake.warning
    )
    if span is None:
        return plain
    line, column = lines.line_and_column(span[0])
    text = lines.text_of(line)
    width = max(1, min(span[1] - span[0], len(text) - column + 1))
    return plain._replace(line=line, column=column, width=width, source=text)
