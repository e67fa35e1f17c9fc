"""What a check says: it is well, it is doubtful, it is wrong; where, and how to mend it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class Level(StrEnum):
    """How bad it is: a problem breaks what flowcron promises, a warning may come to that."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Chmod(NamedTuple):
    """A mode that a file or folder of flowcron's should have: what doctor may mend by itself."""

    path: Path
    mode: int

    def __str__(self) -> str:
        """Return the command that a person would type."""
        return f"chmod {self.mode:o} {self.path}"


class Finding(NamedTuple):
    """One thing that a check found.

    `where` is the file, folder or job that it is about, `fix` the next step. What has a `mend` can
    be mended by doctor itself. No text may have the value of a variable or of a secret in it.
    """

    level: Level
    text: str
    where: str | None = None
    fix: str | None = None
    mend: Chmod | None = None


def well(text: str, where: object = None) -> Finding:
    """Return that something is as it should be."""
    return Finding(Level.OK, text, _named(where))


def warning(
    text: str, *, fix: str | None, where: object = None, mend: Chmod | None = None
) -> Finding:
    """Return that something may go wrong."""
    return Finding(Level.WARNING, text, _named(where), str(mend) if mend else fix, mend)


def problem(
    text: str, *, fix: str | None, where: object = None, mend: Chmod | None = None
) -> Finding:
    """Return that something is wrong."""
    return Finding(Level.PROBLEM, text, _named(where), str(mend) if mend else fix, mend)


def _named(where: object) -> str | None:
    return None if where is None else str(where)
