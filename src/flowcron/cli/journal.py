"""Levels in front of lines, as systemd's journal reads them; it knows the time by itself."""

from __future__ import annotations

import os

ERROR, WARNING, INFO = "<3>", "<4>", "<6>"


def reads(descriptor: int) -> bool:
    """Return whether what is written to a descriptor goes straight to the journal."""
    stream = os.environ.get("JOURNAL_STREAM")
    if not stream:
        return False
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return stream == f"{found.st_dev}:{found.st_ino}"
