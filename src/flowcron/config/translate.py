"""pydantic's findings in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowcron.config.mistake import Mistake
from flowcron.config.model.file_tables import keys_at
from flowcron.config.positions import Path
from flowcron.config.wording import kind_of, one_of, shown
from flowcron.domain.names import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_EXPECTED = {
    "bool_type": "true or false",
    "datetime_type": "a date-time, without quotes",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "an integer",
    "list_type": "a list",
    "string_type": "a string",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
}
_OTHER_WORDS = {  # what people call it elsewhere
    "cmd": "command",
    "cron_tz": "timezone",
    "depends_on": "after",
    "directory": "cwd",
    "environment": "env",
    "interval": "every",
    "max_retries": "retry",
    "retries": "retry",
    "schedule": "cron",
    "script": "command",
    "tz": "timezone",
    "workdir": "cwd",
    "working_directory": "cwd",
}


def translated(errors: list[ErrorDetails], table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield what is wrong with a file's table, as Mistakes."""
    for error in errors:
        yield _mistake(error, _path_of(error["loc"], table))


def _path_of(loc: tuple[int | str, ...], table: dict[str, Any]) -> Path:
    """Return the path in the file: without the names that pydantic has for shapes of a value."""
    path: Path = ()
    here: Any = table
    for step in loc:
        is_there = step in here if isinstance(here, dict) else isinstance(step, int)
        if is_there and isinstance(here, dict | list):
            here = here[step]  # type: ignore[index] # a key of a table or an index of a list
            path = (*path, step)
    return path


def _mistake(error: ErrorDetails, path: Path) -> Mistake:
    context = error.get("ctx", {})
    kind, value = error["type"], error["input"]
    at_key = error["loc"][-1:] == ("[key]",)
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return _missing(str(error["loc"][-1]), path)
    if kind == "literal_error":
        return _no_such_word(shown(value), context["expected"], path)
    expected = context.get("expected") if kind == "type" else _EXPECTED.get(kind)
    if expected is not None:
        return _wrong_type(value, str(expected), path)
    if "message" in context:
        part = (context["start"], context["end"]) if "start" in context else None
        return Mistake(kind, context["message"], path, context.get("help") or None, at_key, part)
    help_ = "write at least one value in the list" if kind == "too_short" else None
    return Mistake("value", f"{_subject(path)} {_bound(kind, context)}", path, help_)


def _bound(kind: str, context: dict[str, Any]) -> str:
    if kind in _BOUNDS:
        words, limit = _BOUNDS[kind]
        return f"must be {words} {context[limit]:g}"
    return "must not be empty" if kind == "too_short" else "must be a finite number"


def _subject(path: Path) -> str:
    """Return how a message names what is at a path: by the last key."""
    keys = [step for step in path if isinstance(step, str)]
    return f'"{keys[-1]}"' if keys else "the file"


def _unknown_key(path: Path) -> Mistake:
    key, known = str(path[-1]), keys_at(path[:-1])
    help_ = did_you_mean(_OTHER_WORDS.get(key.lower(), key), known)
    if help_ is None and len(path) == 1:
        help_ = f"a job is a table with this name: [jobs.{key}]"
    return Mistake(
        "unknown-key", f"unknown key {shown(key)}{_in(path[:-1])}", path, help_, at_key=True
    )


def _in(path: Path) -> str:
    if not path:
        return ""
    return f" in [{'.'.join(map(str, path))}]" if len(path) <= 2 else f" in {_subject(path)}"  # noqa: PLR2004 [jobs.name]


def _missing(key: str, path: Path) -> Mistake:
    return Mistake("missing", f'{_subject(path)} needs "{key}"', path, at_key=len(path) <= 2)  # noqa: PLR2004 a table header


def _no_such_word(value: str, expected: str, path: Path) -> Mistake:
    words = re.findall(r"'([^']*)'", expected)
    return Mistake("value", f"{_subject(path)} cannot be {value}", path, f"write {one_of(words)}")


def _truth(value: object) -> str:
    """Return which of true and false was meant, or both."""
    word = str(value).strip().lower()
    if word in {"true", "yes", "on", "1"}:
        return "true"
    return "false" if word in {"false", "no", "off", "0"} else "true or false"


def _wrong_type(value: object, expected: str, path: Path) -> Mistake:
    message = f"{_subject(path)} must be {expected}, not {kind_of(value)}"
    help_ = None
    if "string" in expected and isinstance(value, int | float):
        help_ = f'write it in quotes: "{shown(value)}"'
    elif expected == "a list" and isinstance(value, str):
        help_ = f"write [{shown(value)}]"
    elif expected == "true or false":
        help_ = f"write {_truth(value)}, without quotes"
    elif expected == "a table":
        help_ = 'write { NAME = "value" }'
    return Mistake("type", message, path, help_)
