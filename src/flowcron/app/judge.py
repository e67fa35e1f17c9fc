"""Look whether what a job expects is so, for another process: `python -m flowcron.app.judge`.

The question is JSON on stdin, see engine.judging; `{"unmet": reason or null}` goes to stdout. Disks
may hang and a pattern may take for ever, so this process ends itself if nobody else does.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import sys
from base64 import b64decode
from collections.abc import Iterable, Iterator
from glob import iglob
from pathlib import Path
from typing import Any

from flowcron.domain.expectation import Facts, FoundFile, unmet
from flowcron.domain.instant import Instant
from flowcron.domain.job import Expectation
from flowcron.supervisor.output_read import STDOUT, Gap, LogReader, Piece, pieces_of

LIFETIME = 20  # seconds; whoever asked has given up long before


def main() -> None:
    """Answer one question."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LIFETIME)
    json.dump({"unmet": verdict(json.load(sys.stdin))}, sys.stdout)


def verdict(question: dict[str, Any]) -> str | None:
    """Return why what is expected is not so, or None; `log` is a whole path here."""
    expected = Expectation(**question["expect"])
    pattern = ""
    if expected.file is not None:
        pattern = whole_path(expected.file, cwd=question["cwd"], user=question["user"])
    wants_stdout = expected.stdout_match is not None or expected.stdout_not_match is not None
    facts = Facts(
        Instant(question["started_at"]),
        pattern,
        tuple(_found(pattern)) if pattern else (),
        _stdout(_pieces(question)) if wants_stdout and question["bytes"] else "",
        question["bytes"],
        question["elided"],
    )
    return unmet(expected, facts)


def whole_path(path: str, *, cwd: str | None, user: str | int | None) -> str:
    """Return a path or glob as the job means it: in its folder, `~` is the home of its user."""
    if path == "~" or path.startswith("~/"):
        name = pwd.getpwuid(user).pw_name if isinstance(user, int) else user or ""
        path = f"~{name}{path[1:]}"
    return os.path.join(cwd or "/", os.path.expanduser(path))  # noqa: PTH111, PTH118 it may be a glob


def _found(pattern: str) -> Iterator[FoundFile]:
    """Yield the files that are named literally, or match."""
    for path in dict.fromkeys((pattern, *iglob(pattern, recursive=True))):  # noqa: PTH207 whole globs
        try:
            found = Path(path).stat()
        except (OSError, ValueError):  # it is not there, or no more
            continue
        if Path(path).is_file():
            yield FoundFile(path, found.st_size, found.st_mtime_ns)


def _pieces(question: dict[str, Any]) -> Iterator[Piece | Gap]:
    if question["output"] is not None:
        yield from pieces_of(b64decode(question["output"]), b64decode(question["pieces"]))
        return
    with LogReader(question["log"]) as log:
        yield from log.read()


def _stdout(pieces: Iterable[Piece | Gap]) -> str:
    """Return what is kept of stdout; what is not kept ends a line."""
    kept = bytearray()
    for piece in pieces:
        if isinstance(piece, Gap):
            kept += b"\n"
        elif piece.stream == STDOUT:
            kept += piece.content
    return kept.decode("utf-8", "backslashreplace")


if __name__ == "__main__":
    main()
