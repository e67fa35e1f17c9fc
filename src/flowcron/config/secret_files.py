"""Which files of secrets and of variables a configuration names, also one with mistakes in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowcron.config.exposed import tables_of_jobs
from flowcron.config.paths import in_folder
from flowcron.config.secrets import file_of
from flowcron.config.sources import read_sources

_WITH_REFERENCES = ("alerts", "smtp")  # the tables, beside those of jobs, that may refer to secrets


def secret_files(config: Path) -> list[Path]:
    """Return the files that "file:" names, in any place where it refers to a secret."""
    found: dict[Path, None] = {}
    for source in read_sources(config):
        for text in _references(source.table):
            file = file_of(text, config.parent)
            if file is not None:
                found[file] = None
    return list(found)


def env_files(config: Path) -> list[Path]:
    """Return the files that `env_file` names."""
    found: dict[Path, None] = {}
    for source in read_sources(config):
        for _, keys in tables_of_jobs(source.table):
            for name in _texts(keys.get("env_file")):
                found[in_folder(name, config.parent)] = None
    return list(found)


def _references(table: dict[str, Any]) -> Iterator[str]:
    for _, keys in tables_of_jobs(table):
        yield from _texts(keys.get("secrets"))
    for name in _WITH_REFERENCES:
        yield from _texts(table.get(name))


def _texts(value: object) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case str() if "\0" not in value:
            yield value
        case _:
            return
