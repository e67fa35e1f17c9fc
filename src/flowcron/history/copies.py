"""Whole copies of a history: taken while others write, verified, and put in place at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from flowcron.domain.instant import Instant
from flowcron.errors import DamagedHistoryError
from flowcron.history.database import open_as_it_is, transaction
from flowcron.history.integrity import damage_in, stop_unless
from flowcron.history.origin import mark_as_copy

_PAGES = 256  # copied at a time, 1 MB; in between others have the disk
_REST = 0.002  # seconds after each megabyte


def copy_history(
    history: Path, target: Path, *, at: Instant, is_wanted: Callable[[], bool] = lambda: True
) -> int:
    """Copy a history as it is `at` this instant, replacing `target`; return the size in bytes.

    The copy is of one moment and keeps no writer waiting. There is no target, or the one before,
    until the copy was checked and is on the disk. Raises DamagedHistoryError when the copy, which
    is the original page for page, is broken; OSError and DatabaseTrouble for a full disk and the
    like, and when it `is_wanted` no longer.
    """
    new = target.with_name(f".{target.name}.new")
    try:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
        _copy(history, new, at=at, is_wanted=is_wanted)
        put_in_place(new, target)
    finally:
        for each in (new, *companions(new), new.with_name(f"{new.name}-journal")):
            each.unlink(missing_ok=True)
    return target.stat().st_size


def put_in_place(new: Path, target: Path) -> None:
    """Give a whole file its name once it is on the disk: after a power cut it is there or not."""
    _sync(new)
    new.replace(target)
    _sync(target.parent)


def companions(history: Path) -> tuple[Path, Path]:
    """Return the files that SQLite keeps beside a history while it is open."""
    wal, shm = (history.with_name(f"{history.name}{end}") for end in ("-wal", "-shm"))
    return wal, shm


def _copy(history: Path, new: Path, *, at: Instant, is_wanted: Callable[[], bool]) -> None:
    with closing(open_as_it_is(history, mode="ro")) as original:
        # A read transaction: without it each commit of others would begin the copy anew.
        original.execute("BEGIN")
        original.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(open_as_it_is(new, mode="rw")) as copy:
            stop_unless(copy, is_wanted)
            original.backup(copy, pages=_PAGES, progress=lambda *_: _rest(is_wanted))
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
            with transaction(copy):
                mark_as_copy(copy, at=at)
            if damage := damage_in(copy, new):
                raise DamagedHistoryError(
                    f"the history file {history} is damaged: {damage}",
                    hint="the next start of the scheduler restores the newest backup",
                )


def _rest(is_wanted: Callable[[], bool]) -> None:
    if not is_wanted():
        raise InterruptedError("nobody wants the copy any more")
    time.sleep(_REST)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
