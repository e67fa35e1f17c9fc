"""What cron still runs: the crontab of the user who asks."""

from __future__ import annotations

import os

from flowcron.system.calling import CallError, call

_PATIENCE = 5.0  # seconds


def crontab() -> list[str]:
    """Return the lines of this user's crontab; none where there is none, or no cron."""
    try:
        return call(["crontab", "-l"], environ=os.environ, patience=_PATIENCE).out.splitlines()
    except CallError:
        return []
