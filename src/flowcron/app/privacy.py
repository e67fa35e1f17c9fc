"""Whose the state directory is: whoever writes there can have flowcron run what he likes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from flowcron.errors import HistoryError


def insist_on_privacy(folder: Path) -> None:
    """Refuse a folder where others could put their own socket, log or history.

    Our own group may write there: on many systems it is that of one user.
    """
    found = folder.stat()
    by_others = found.st_mode & stat.S_IWOTH
    by_group = found.st_mode & stat.S_IWGRP and found.st_gid != os.getegid()
    if found.st_uid not in {os.geteuid(), 0} or by_others or by_group:
        raise HistoryError(
            f"the state directory {folder} is not ours alone: others may write there",
            hint="put the history into a folder of its own, as with --db state/history.db",
        )
