"""What the libraries below us log, on stderr."""

from __future__ import annotations

import logging

from flowcron.cli import journal


def log_to_stderr(*, for_journal: bool) -> None:
    """Write warnings and errors of libraries to stderr, with levels where the journal reads it."""
    stderr = logging.StreamHandler()
    stderr.setFormatter(_ForJournal() if for_journal else logging.Formatter(_FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[stderr])


_FORMAT = "%(levelname)s %(name)s: %(message)s"


class _ForJournal(logging.Formatter):
    """Gives each line of a record its level: the journal takes a traceback for many records."""

    def __init__(self) -> None:
        super().__init__("%(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        mark = journal.ERROR if record.levelno >= logging.ERROR else journal.WARNING
        return "\n".join(mark + line for line in super().format(record).splitlines())
