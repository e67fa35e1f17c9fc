"""Which of systemd's credentials a configuration refers to, and where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowcron.config.sources import read_sources

_REFERENCE = "credential:"


def credentials_in(config: Path) -> dict[str, str]:
    """Return each credential that any file of a configuration names, and who uses it first.

    Every text of the whole table counts: jobs, alerts, smtp and whatever comes later.
    """
    found: dict[str, str] = {}
    for source in read_sources(config):
        for name, path in _named(source.table, ()):
            found.setdefault(name, _user(path))
    return found


def _named(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _named(item, (*path, key))
        case list():
            for item in value:
                yield from _named(item, path)
        case str() if value.startswith(_REFERENCE):
            yield value.removeprefix(_REFERENCE), path


def _user(path: tuple[str, ...]) -> str:
    """Return "job backup", "alert oncall" or the name of a table."""
    match path:
        case ("jobs" | "alerts" as table, name, *_):
            return f"{table.removesuffix('s')} {name}"
        case (table, *_):
            return f"[{table}]"
        case _:
            return ""
