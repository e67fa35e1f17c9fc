"""`[history] path` alone, readable while the rest of the file is broken; no pydantic."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flowcron.config.paths import in_folder
from flowcron.errors import ConfigError, Problem

_BLOCK = re.compile(
    r"^[ \t]*\[[ \t]*history[ \t]*\][ \t]*(?:#.*)?$\n?((?:^(?![ \t]*\[).*$\n?)*)", re.MULTILINE
)
_DOTTED = re.compile(r"^[ \t]*history[ \t]*[.=].*$", re.MULTILINE)
_PATH = re.compile(r"^[ \t]*path[ \t]*=.*$", re.MULTILINE)
_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)


def read_history_path(config: Path) -> Path | None:
    """Return `[history] path`, resolved, or None when the file does not say it.

    Raises ConfigError when the file cannot be read or that very line is broken.
    """
    try:
        text = config.read_bytes().decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    except OSError as error:
        raise _broken(config, f"cannot read {config}: {error.strerror}") from error
    if "history" not in text:
        return None
    history = _table(config, text).get("history", {})
    if not isinstance(history, dict):
        raise _broken(config, '"history" must be a table')
    return _path_of(history, config)


def _path_of(history: dict[str, Any], config: Path) -> Path | None:
    path = history.get("path")
    if path is None:
        return None
    if not isinstance(path, str) or not path or "\0" in path:
        raise _broken(config, '"path" in [history] must be the path of a file')
    return in_folder(path, config.parent)


def _table(config: Path, text: str) -> dict[str, Any]:
    import tomli  # noqa: PLC0415 most files do not mention the history

    try:
        return tomli.loads(text)
    except (ValueError, RecursionError):
        pass  # `check` and `start` say it; here only the lines about the history matter
    block = _BLOCK.search(text)
    top = text[: found.start()] if (found := _HEADER.search(text)) else text
    lines = ["[history]", *_PATH.findall(block[1])] if block else _DOTTED.findall(top)
    try:
        return tomli.loads("\n".join(lines))
    except (ValueError, RecursionError) as error:
        raise _broken(config, "the lines about the history are no TOML") from error


def _broken(config: Path, message: str) -> ConfigError:
    hint = f"flowcron check -c {config}; or say --db PATH"
    return ConfigError((Problem("history", message, help=hint, file=str(config)),))
