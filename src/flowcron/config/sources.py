"""The files that make up a configuration: which they are, and their bytes, text and TOML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

from flowcron.config.paths import at_home
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
    others = {match for pattern in patterns(main).values() for match in matches(main.path, pattern)}
    return (main, *map(read_source, _in_order(main.path, others)))


def unchanged_sources(path: Path, digest: str) -> tuple[Source, ...]:
    """Return the files of a configuration as they were loaded, or none when they were changed."""
    sources = read_sources(path)
    return sources if digest_of(sources) == digest else ()


def digest_of(sources: Iterable[Source]) -> str:
    """Return one SHA-256 over what all files say."""
    return _digest(source.content for source in sources)


def digest_at(path: Path) -> str:
    """Return the `digest_of` the files as they are now; TOML is read only to follow `include`."""
    main = path.absolute()
    content = _content(main)
    if b"include" in content:
        return digest_of(read_sources(path))
    return _digest((content, *map(_content, _in_order(main, set()))))


def patterns(main: Source) -> dict[int, str]:
    """Return what the main file includes, as far as it can be a path, by its number."""
    include = main.table.get("include")
    return {
        number: text
        for number, text in enumerate(include if isinstance(include, list) else ())
        if isinstance(text, str) and "\0" not in text
    }


def matches(main: Path, pattern: str) -> list[Path]:
    """Return the files that an `include` of the main file means."""
    names = glob(str(at_home(Path(pattern))), root_dir=main.parent)  # noqa: PTH207 it may be absolute
    return [main.parent / name for name in names]


def read_source(path: Path) -> Source:
    """Return one file, or what is wrong with it."""
    try:
        content = _read(path)
    except OSError as error:
        return Source(path, problems=(_unreadable(path, error),))
    if len(content) > _LARGEST:
        help_ = f"a configuration has at most {_LARGEST // 10**6} MB"
        return Source(path, problems=(Problem("file", "the file is too large", help_, str(path)),))
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return Source(path, content, problems=(_not_utf8(path, content, error),))
    from flowcron.config.syntax import parse  # noqa: PLC0415 a digest needs no TOML

    parsed = parse(text, str(path))
    return Source(path, content, parsed.readable, parsed.table, parsed.problems)


def _in_order(main: Path, included: set[Path]) -> list[Path]:
    """Return all files but the main one, the drop-ins too."""
    return sorted((included | set(matches(main, _DROP_INS))) - {main})


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST + 1)


def _content(path: Path) -> bytes:
    try:
        return _read(path)
    except OSError:
        return b""


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


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
