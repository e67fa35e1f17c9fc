r"""Variables in a file, as systemd's EnvironmentFile, docker and dotenv write them.

`NAME=value` a line, `export ` may stand before it; a line that begins with # or ; is a comment.
A value without quotes is all that follows, without the blanks around it: a `#` in it is a part of
it, as for systemd and docker. Quoted values may go over several lines, and a comment may follow.
In double quotes \n \r \t \" \\ \$ \` are what they are elsewhere, a backslash before the end of a
line joins it with the next, and any other backslash is one. A `$` is a `$`: nothing is filled in.
"""

from __future__ import annotations

import re

_BLANK = re.compile(r"[ \t]*(?:[#;][^\n]*)?(?:\n|\Z)")
_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLAIN = re.compile(r"([^\n]*)")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`", "\n": ""}


class EnvFileError(ValueError):
    """A line that cannot be read; `line` counts from 1, `hint` says what to write instead."""

    def __init__(self, message: str, *, line: int, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.hint = hint


def parse_env_file(text: str) -> dict[str, str]:
    """Return the variables in the text of a file, the last of each name.

    Raises EnvFileError for the first line that cannot be read; it never shows a value.
    """
    text = text.replace("\r\n", "\n")
    if "\0" in text:
        raise _error(text, text.index("\0"), "there is a NUL byte", "write it as text")
    variables: dict[str, str] = {}
    position = 0
    while position < len(text):
        if blank := _BLANK.match(text, position):
            position = blank.end()
            continue
        name = _NAME.match(text, position)
        if name is None:
            raise _error(text, position, "this is no variable", "write NAME=value")
        value, end = _value(text, name.end(), name[1])
        rest = _REST.match(text, end)
        if rest is None:
            message = f"something follows the quotes of {name[1]}"
            raise _error(text, end, message, "quote all of the value, or nothing of it")
        variables[name[1]] = value
        position = rest.end()
    return variables


def _value(text: str, start: int, name: str) -> tuple[str, int]:
    """Return a value and where it ends."""
    quote = text[start : start + 1]
    form = {"'": _SINGLE, '"': _DOUBLE}.get(quote, _PLAIN)
    found = form.match(text, start)
    if found is None:
        message = f"the quotes of {name} are never closed"
        raise _error(text, start, message, f"write {quote} at the end of the value")
    if form is _DOUBLE:
        return _ESCAPE.sub(_unescaped, found[1]), found.end()
    return found[1] if form is _SINGLE else found[1].rstrip(" \t"), found.end()


def _unescaped(escape: re.Match[str]) -> str:
    return _MEANT.get(escape[1], escape[0])


def _error(text: str, at: int, message: str, hint: str) -> EnvFileError:
    return EnvFileError(message, line=text.count("\n", 0, at) + 1, hint=hint)
