"""What doctor mends by itself: modes of its own files, which anybody can set back."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import NamedTuple

from flowcron.app.doctor.examine import Found
from flowcron.app.doctor.finding import Chmod


class Mended(NamedTuple):
    """What was done, and the mode before; or why it could not be done."""

    mend: Chmod
    before: int
    failure: str | None = None

    def __str__(self) -> str:
        """Return it as a line for a person."""
        if self.failure is not None:
            return f"{self.mend}: {self.failure}"
        return f"{self.mend}   (it was {self.before:o})"


def mends(found: Iterable[Found]) -> list[Chmod]:
    """Return what can be mended, each once."""
    return list(dict.fromkeys(each.finding.mend for each in found if each.finding.mend))


def mend(wanted: Chmod) -> Mended:
    """Set a mode; links are not followed: they might lead to a file of somebody else."""
    try:
        descriptor = os.open(wanted.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return Mended(wanted, 0, error.strerror)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            return Mended(wanted, 0, "the file has other names (hard links)")
        os.fchmod(descriptor, wanted.mode)
    except OSError as error:
        return Mended(wanted, 0, error.strerror)
    finally:
        os.close(descriptor)
    return Mended(wanted, stat.S_IMODE(found.st_mode))
