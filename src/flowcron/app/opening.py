"""Opening the history for a scheduler: checked, and healed when it is not whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from flowcron.app.aside import aside
from flowcron.app.trouble import explained
from flowcron.domain.instant import moment
from flowcron.engine.report import Kind, Report
from flowcron.errors import DamagedHistoryError
from flowcron.history import record
from flowcron.history.database import (
    Connection,
    DatabaseTrouble,
    check_version,
    open_as_it_is,
    open_history,
    transaction,
    translated,
)
from flowcron.history.integrity import Check, damage_of
from flowcron.history.origin import adopt
from flowcron.history.restore import DAMAGED, restore
from flowcron.history.schedulers import stopped_orderly
from flowcron.system import clock

PATIENCE = 2.0  # seconds that the first job waits for a check; half a million runs take no longer

Tell = Callable[[Sequence[Report]], None]


def open_whole(path: Path, *, tell: Tell) -> tuple[Connection, Check]:
    """Open the history, and the check of it that may still go on.

    After anything but an orderly stop the check is waited for, because an INSERT succeeds into a
    file with a broken page somewhere else; a large history is opened before the check is over.
    What is broken is moved aside unopened for writing, so that it stays as it was found.

    Raises HistoryError for a file that cannot be used and is not ours to heal.
    """
    try:
        check = _checked(path)
    except DamagedHistoryError as error:
        heal(path, error.message, tell=tell)
        check = Check(path)
    history = open_history(path)
    try:
        _take_over(history, tell)
    except DatabaseTrouble as error:
        history.close()
        raise explained(error, path) from error
    return history, check


def heal(path: Path, why: str, *, tell: Tell) -> None:
    """Put the newest backup in the place of a damaged history, and say so.

    Connections that are open must be closed without being used again.
    """
    with translated(path):
        said = restore(path, why, at=clock.now())
    tell([Report(Kind.WARNING, clock.now(), said)])


def heal_if_damaged(path: Path, error: DamagedHistoryError, *, tell: Tell) -> None:
    """Heal a history that seemed to be damaged while it was used; raise the error if it is not."""
    with translated(path):
        if path.exists() and damage_of(path) is None:
            raise error
    heal(path, error.message, tell=tell)


async def insist_on_whole(path: Path, check: Check) -> None:
    """Wait for the check that began with the start; raise DamagedHistoryError for what it found."""
    await aside(check.wait)
    _insist(path, check)


def _take_over(history: Connection, tell: Tell) -> None:
    """Notice that somebody put a copy in the place of the history."""
    with transaction(history):
        copied_at = adopt(history)
        if copied_at is None:
            return
        now = clock.now()
        said = f"the history is a copy of {moment(copied_at):%Y-%m-%d %H:%M:%S} UTC"
        record.event(history, DAMAGED, said, at=now)
    tell([Report(Kind.WARNING, now, said)])


def _checked(path: Path) -> Check:
    is_clean = False
    with translated(path):
        if path.exists():
            with closing(open_as_it_is(path, mode="ro")) as history:
                version = check_version(history, path)
                is_clean = version > 0 and stopped_orderly(history)
        else:
            version = 0
    if not version:
        open_history(path).close()  # the first start, or DamagedHistoryError
    check = Check(path)
    if not is_clean:
        check.wait(PATIENCE)
    _insist(path, check)
    return check


def _insist(path: Path, check: Check) -> None:
    if check.damage is not None:
        raise DamagedHistoryError(
            f"the history file {path} is damaged: {check.damage}",
            hint="the next start of the scheduler moves it aside and restores the newest backup",
        )
