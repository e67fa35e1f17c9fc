"""What the supervisor writes down about itself, on its standard error (supervisor.log)."""

from __future__ import annotations

import os
import time


def note(text: str) -> None:
    """Write a line, with the time in UTC; a full disk must not end the supervisor."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        os.write(2, f"{at} supervisor[{os.getpid()}]: {text}\n".encode(errors="backslashreplace"))
    except OSError:
        return
