"""What to say, and to do, when the history cannot be used."""

from __future__ import annotations

from pathlib import Path

from flowcron.errors import DamagedHistoryError, HistoryError
from flowcron.history.database import DatabaseTrouble
from flowcron.history.trouble import is_damage, is_held, is_unsafe_to_retry
from flowcron.system.filelocks import history_holder


class BrokenDiskError(HistoryError):
    """The disk lost what was written to it: what is in memory and on the disk may differ."""


def explained(error: DatabaseTrouble, history: Path) -> HistoryError:
    """Return trouble with a history as a sentence, the next step, and a kind.

    DamagedHistoryError is for a start to heal; BrokenDiskError must end the process, because to
    try again would hide it. Everything else passes.
    """
    if is_damage(error):
        return DamagedHistoryError(
            f"the history file {history} is damaged: {error}",
            hint="flowcron start moves it aside and restores the newest backup",
        )
    if is_unsafe_to_retry(error):
        return BrokenDiskError(
            f"the history file {history} could not be written to the disk: {error} (fsync)",
            hint="look at the kernel's log (dmesg) for the disk; running jobs go on",
        )
    if is_held(error):
        holder = history_holder(history)
        by = "another process" if holder is None else str(holder)
        return HistoryError(
            f"the history cannot be written: {error}, by {by}",
            hint="it goes on when that process has finished",
        )
    return HistoryError(
        f"the history cannot be written: {error}",
        hint=f"is there space on the disk, and may {history} be written?",
    )
