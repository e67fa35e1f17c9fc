"""The pager: results that are longer than the screen, shown a screen at a time."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess  # noqa: TID251 a pager is a process, and no job
from collections.abc import Iterator
from contextlib import contextmanager

from flowcron.cli.output import Screen, terminal_columns, terminal_height
from flowcron.cli.text import width

_USUAL = "less -FIRX"
_LESS = "FRX"  # what `less` needs to show colours and to leave a short text standing
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_USUAL_COLUMNS = 80


@contextmanager
def paged(screen: Screen, notes: Screen) -> Iterator[tuple[Screen, Screen]]:
    """Give screens to write on; what was written is shown at the end, the notes after it."""
    results, said = io.BytesIO(), io.BytesIO()
    shown, noted = _onto(results, screen), _onto(said, notes)
    try:
        yield shown, noted
    finally:
        shown.stream.flush()
        noted.stream.flush()
        if not _show(results.getvalue(), screen):
            screen.raw(results.getvalue())
        notes.raw(said.getvalue())


def _onto(kept: io.BytesIO, screen: Screen) -> Screen:
    encoding = screen.stream.encoding
    stream = io.TextIOWrapper(kept, encoding=encoding, errors="backslashreplace", newline="")
    return screen._replace(stream=stream)


def _show(content: bytes, screen: Screen) -> bool:
    """Show a text that is too long in the pager; return whether there was need of one, and one."""
    program = shlex.split(_pager())
    if not program or program == ["cat"] or not _is_long(content.decode(screen.stream.encoding)):
        return False
    screen.stream.flush()
    try:
        process = subprocess.Popen(
            program, stdin=subprocess.PIPE, env={"LESS": _LESS, "LV": "-c"} | dict(os.environ)
        )
    except OSError:
        return False
    _feed(process, content)
    return True


def _feed(process: subprocess.Popen[bytes], content: bytes | None) -> None:
    """Write everything, as far as the reader wants it, and wait until they have read it."""
    while True:
        try:
            process.communicate(content)
        except KeyboardInterrupt:
            content = None  # the key is for the pager, which stops a search
        else:
            return


def _is_long(text: str) -> bool:
    """Return whether a text takes more than a screen, with the line for what comes after it."""
    height, columns = terminal_height(), terminal_columns()
    if height is None:
        return False
    lines = (_COLOR.sub("", line) for line in text.splitlines())
    rows = sum(max(1, -(-width(line) // (columns or _USUAL_COLUMNS))) for line in lines)
    return rows >= height


def _pager() -> str:
    """Return the pager that was asked for; FLOWCRON_PAGER="" asks for none."""
    for name in ("FLOWCRON_PAGER", "PAGER"):
        if name in os.environ:
            return os.environ[name]
    return "" if os.environ.get("TERM") in {None, "dumb"} else _USUAL
