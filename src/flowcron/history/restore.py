"""What becomes of a damaged history: kept beside, and the newest good backup in its place."""

from __future__ import annotations

import shutil
from contextlib import closing
from glob import escape
from pathlib import Path

from flowcron.domain.instant import Instant, moment
from flowcron.errors import HistoryError
from flowcron.history import record
from flowcron.history.copies import companions, put_in_place
from flowcron.history.database import DatabaseTrouble, open_history, transaction
from flowcron.history.integrity import damage_of
from flowcron.history.origin import adopt, begin_after_loss
from flowcron.history.traces import backups_of

DAMAGED = "history-damaged"
"""The kind of the event that records it."""


def restore(history: Path, why: str, *, at: Instant) -> str:
    """Move a damaged history aside and put its newest good backup, or a new one, in its place.

    Returns what was done, as it is recorded in the history. The caller holds the scheduler's lock
    and has no connection open. A crash in between leaves a history that is gone: the next start
    comes here again. Raises OSError and HistoryError when the disk does not let it.
    """
    kept = _move_aside(history, at)
    new = history.with_name(f".{history.name}.new")
    _remove(new)
    backup = _newest_good(history)
    if backup is not None:
        shutil.copyfile(backup, new)
        new.chmod(0o600)
    with closing(open_history(new, anew=True)) as restored:
        with transaction(restored):
            if backup is None or adopt(restored) is None:
                begin_after_loss(restored)
            said = " · ".join((why, _what_was_done(history, backup, kept)))
            record.event(restored, DAMAGED, said, at=at)
        restored.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    put_in_place(new, history)
    _remove(new)
    return said


def _what_was_done(history: Path, backup: Path | None, kept: Path | None) -> str:
    done = "there is no good backup of it, so an empty one was begun"
    if backup is not None:
        done = f"restored from {backup.relative_to(history.parent)}"
    return done if kept is None else f"{done}; what was there is kept as {kept.name}"


def _remove(new: Path) -> None:
    """Delete what an earlier try or a migration left."""
    for each in new.parent.glob(f"{escape(new.name)}*"):
        each.unlink()


def _move_aside(history: Path, at: Instant) -> Path | None:
    """Rename the files as they are, together, so that SQLite can still read them."""
    kept = history.with_name(f"{history.name}.corrupt-{moment(at):%Y%m%dT%H%M%SZ}")
    while kept.exists():
        kept = kept.with_name(f"{kept.name}+")
    moved = [
        each.rename(each.with_name(each.name.replace(history.name, kept.name, 1)))
        for each in (history, *companions(history))
        if each.exists()
    ]
    return moved[0] if moved else None


def _newest_good(history: Path) -> Path | None:
    """Return the newest backup that is whole."""
    for backup in backups_of(history):
        try:
            if damage_of(backup) is None:
                return backup
        except (DatabaseTrouble, HistoryError):
            continue  # it cannot be read, or another program put it there
    return None
