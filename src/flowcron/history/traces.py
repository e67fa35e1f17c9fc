"""What is left beside a history when its file is gone: the proof that this is no first start."""

from __future__ import annotations

from glob import escape
from pathlib import Path

_OF_A_SCHEDULER = ("logs", "supervisor.log")


def backups_of(history: Path) -> list[Path]:
    """Return the daily backups of a history, the newest first."""
    return sorted(backup_folder(history).glob(f"{escape(history.stem)}-*Z.db"), reverse=True)


def backup_folder(history: Path) -> Path:
    """Return where the daily backups of a history are."""
    return history.parent / "backups"


def backup_name(history: Path, time: str) -> str:
    """Return what the backup of a time in UTC, as in 20261122T030000Z, is called."""
    return f"{history.stem}-{time}.db"


def traces_of(history: Path) -> str:
    """Return the name of something that only a history leaves behind, or "".

    What schedulers leave counts only where it cannot be that of another history in the folder.
    """
    folder = history.parent
    own = [*backups_of(history), *folder.glob(f"{escape(history.name)}.corrupt-*")]
    if not history.exists():  # else somebody may be about to create it
        own += folder.glob(f"{escape(history.name)}-wal")
    if own:
        return str(own[0].relative_to(folder))
    others = {*folder.glob(f"*{history.suffix}"), *folder.glob("*.db")} - {history}
    if any(each.is_file() for each in others):
        return ""
    return next((name for name in _OF_A_SCHEDULER if (folder / name).exists()), "")
