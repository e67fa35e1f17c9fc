"""The crontabs of the machine, as far as whoever asks may read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flowcron.system.crontab import crontab

_SYSTEM = Path("/etc/crontab")
_FOLDER = Path("/etc/cron.d")


class CronLine(NamedTuple):
    """A line of a crontab; with `has_user` a user stands before the command."""

    place: str
    text: str
    has_user: bool


def cron_lines(*, system: Path = _SYSTEM, folder: Path = _FOLDER) -> Iterator[CronLine]:
    """Yield the lines of the user's crontab and of the system's."""
    for line in crontab():
        yield CronLine("crontab -e", line, has_user=False)
    files = [system, *(sorted(folder.iterdir()) if folder.is_dir() else ())]
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue  # there is none, or it is not for us to read
        for line in lines:
            yield CronLine(str(file), line, has_user=True)
