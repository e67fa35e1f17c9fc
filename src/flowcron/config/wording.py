"""How the values of a file are named in messages."""

from __future__ import annotations

from datetime import date, datetime, time

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "a string"),
    (bool, "true or false"),
    (int, "an integer"),
    (float, "a number"),
    (list, "a list"),
    (dict, "a table"),
    (datetime, "a date-time"),
    ((date, time), "a date or a time"),
)
_LONGEST_TEXT = 40
_LARGEST_NUMBER = 10**18


def kind_of(value: object) -> str:
    """Return what TOML calls a value, with its article."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "something else")


def shown(value: object) -> str:
    """Return a value as a message shows it: quoted and shortened when it is a text."""
    if isinstance(value, str):
        cut = value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "…"
        return '"' + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        return "so large a number"
    return str(value) if isinstance(value, int | float) else kind_of(value)


def one_of(words: list[str] | tuple[str, ...]) -> str:
    """Return '"a", "b" or "c"'."""
    quoted = [shown(word) for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
