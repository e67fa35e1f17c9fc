"""The files that make up a configuration: which they are, and their bytes, text and TOML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

from flowcron.config.paths import at_home
from flowcron.config.syntax import parse
from flowcron.errors import Problem

_LARGEST = 8_000_000
_DROP_INS = "schedules.d/*.toml"


@dataclass(frozen=True, slots=True)
class Source:
    """One file: `table` is what could be read of it, `readable` the text that says just that."""

    path: Path
    content: bytes = b""
    readable: str = ""
    table: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_sources(path: Path) -> tuple[Source, ...]:
    """Return the file and those it includes, in the order of their paths; raise nothing."""
    main = read_source(path.absolute())
    others = dict.fromkeys(_included(main))
    return (main, *(read_source(other) for other in sorted(others) if other != main.path))


def digest_of(sources: Iterable[Source]) -> str:
    """Return one SHA-256 over what all files say."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(hashlib.sha256(source.content).digest())
    return digest.hexdigest()


def patterns(main: Source) -> list[str]:
    """Return what the main file includes."""
    include = main.table.get("include", [])
    return [each for each in include if isinstance(each, str)] if isinstance(include, list) else []


def read_source(path: Path) -> Source:
    """Return one file, or what is wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        return Source(path, problems=(_unreadable(path, error),))
    if len(content) > _LARGEST:
        help_ = f"a configuration has at most {_LARGEST // 10**6} MB"
        return Source(path, problems=(Problem("file", "the file is too large", help_, str(path)),))
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return Source(path, content, problems=(_not_utf8(path, content, error),))
    parsed = parse(text, str(path))
    return Source(path, content, parsed.readable, parsed.table, parsed.problems)


def _included(main: Source) -> Iterator[Path]:
    folder = main.path.parent
    for pattern in (*patterns(main), _DROP_INS):
        for name in glob(str(at_home(Path(pattern))), root_dir=folder):  # noqa: PTH207 may be absolute
            yield folder / name


def _unreadable(path: Path, error: OSError) -> Problem:
    help_ = {
        FileNotFoundError: "write one with: flowcron init",
        PermissionError: "it must be readable for the user who runs flowcron",
        IsADirectoryError: "name the file in it",
    }.get(type(error))
    return Problem("file", f"cannot read {path}: {error.strerror or error}", help_, str(path))


def _not_utf8(path: Path, content: bytes, error: UnicodeDecodeError) -> Problem:
    before = content[: error.start].rpartition(b"\n")[2]
    line = content[error.start - len(before) :].partition(b"\n")[0].rstrip(b"\r")
    return Problem(
        "encoding",
        f"the byte 0x{content[error.start]:02x} is not UTF-8",
        "save the file as UTF-8",
        str(path),
        line=content.count(b"\n", 0, error.start) + 1,
        column=len(before.decode("utf-8", errors="replace")) + 1,
        width=1,
        source=line.decode("utf-8", errors="replace"),
    )
