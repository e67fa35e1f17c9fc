"""The scheduler's daily backup of its history: verified, seven kept, nothing due waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

from flowcron.app.aside import aside
from flowcron.app.guard import Guard
from flowcron.app.state import Holding
from flowcron.app.trouble import explained
from flowcron.domain.instant import Instant, micros, moment
from flowcron.engine.report import Kind
from flowcron.errors import DamagedHistoryError
from flowcron.history.copies import companions, copy_history
from flowcron.history.database import DatabaseTrouble
from flowcron.history.traces import backup_folder, backup_name, backups_of
from flowcron.system import clock

KEPT = 7
_FIRST = 30.0  # seconds after the start: what a restart has to do comes first
_AGAIN = 3600.0  # seconds after a backup that failed
_AGE = micros(timedelta(hours=24))
_TIME = "%Y%m%dT%H%M%SZ"


class Backups:
    """At most one at a time; `look` on each heartbeat.

    A copy of a broken history is a broken copy, so each backup is also the daily check: what it
    finds ends this scheduler, and the history is healed. A history in which nothing has changed
    since its last backup needs no other.
    """

    def __init__(self, holding: Holding, *, guard: Guard, say: Callable[[Kind, str], None]) -> None:
        self._holding = holding
        self._guard = guard
        self._say = say
        self._next = clock.monotonic() + _FIRST
        self._is_working = False
        self._unwanted = Event()

    def look(self) -> None:
        """Begin a backup when it is time for one."""
        if self._is_working or clock.monotonic() < self._next:
            return
        if is_due(self._holding.path, clock.now()):
            self._is_working = True
            self._guard.start(self._work())

    def stop(self) -> None:
        """Give up the one that is under way."""
        self._unwanted.set()

    async def _work(self) -> None:
        try:
            await aside(
                back_up, self._holding.path, clock.now(), lambda: not self._unwanted.is_set()
            )
        except DamagedHistoryError:
            raise
        except DatabaseTrouble as error:
            self._failed(explained(error, self._holding.path).message)
        except OSError as error:
            self._failed(str(error))
        finally:
            self._is_working = False

    def _failed(self, why: str) -> None:
        self._next = clock.monotonic() + _AGAIN
        if not self._unwanted.is_set():
            self._say(Kind.WARNING, f"the history could not be backed up: {why}")


def is_due(history: Path, now: Instant) -> bool:
    """Return whether the newest backup is a day old, or of the future, and not all there is."""
    newest = next(iter(backups_of(history)), None)
    if newest is None:
        return True
    taken = int(newest.stat().st_mtime * 1e6)
    if 0 <= now - taken < _AGE:
        return False
    files = (each for each in (history, *companions(history)[:1]) if each.exists())
    return any(each.stat().st_mtime_ns // 1000 > taken for each in files)


def back_up(history: Path, at: Instant, is_wanted: Callable[[], bool]) -> None:
    """Write a backup and delete the oldest ones; raises what copy_history raises."""
    folder = backup_folder(history)
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / backup_name(history, f"{moment(at):{_TIME}}")
    copy_history(history, target, at=at, is_wanted=is_wanted)
    for old in backups_of(history)[KEPT:]:
        old.unlink()
