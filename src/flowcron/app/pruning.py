"""The scheduler's own pruning: a little at a time, while nothing is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path

from flowcron.app.aside import aside
from flowcron.app.guard import Guard
from flowcron.app.state import Holding
from flowcron.domain.instant import Instant, micros
from flowcron.domain.keep import Keeps
from flowcron.domain.run import logs_of
from flowcron.engine.report import Kind
from flowcron.history.database import read_history, transaction
from flowcron.history.leftovers import Unused, drop_old, drop_unused, give_back, unused
from flowcron.history.logfiles import remove_orphans
from flowcron.history.prune import Sweep
from flowcron.system import clock

_HOUR, _DAY = 3600.0, 86_400.0  # seconds
_REST = 0.02  # seconds after each batch, in which others have the processor and the disk
_LARGE_STEP = micros(timedelta(days=1))


class Pruning:
    """One sweep an hour at most; `look` on each heartbeat.

    A wall clock that has just jumped by days may be wrong, and everything would look old: then
    nothing is deleted for a day.
    """

    def __init__(
        self,
        holding: Holding,
        *,
        keeps: Callable[[], Keeps],
        is_busy: Callable[[], bool],
        guard: Guard,
        say: Callable[[Kind, str], None],
    ) -> None:
        self._holding = holding
        self._keeps = keeps
        self._is_busy = is_busy
        self._guard = guard
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._next = clock.monotonic()
        self._sweep: Sweep | None = None
        self._folders: set[int] = set()
        self._has_tidied = False

    def look(self) -> None:
        """Begin a sweep when it is time for one."""
        if self._sweep is not None or clock.monotonic() < self._next:
            return
        self._next = clock.monotonic() + _HOUR
        self._folders.clear()
        self._sweep = Sweep(self._keeps(), now=clock.now())
        self._later(0, self._step)

    def clock_stepped(self, step: int) -> None:
        """Take notice that the wall clock was set by so many microseconds."""
        if abs(step) > _LARGE_STEP:
            self._sweep = None
            self._next = max(self._next, clock.monotonic() + _DAY)

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._loop.call_later(seconds, self._guard.call, callback)

    def _step(self) -> None:
        """Do one step, unless something is due; trouble ends the sweep, and an hour begins anew."""
        sweep, self._sweep = self._sweep, None
        if sweep is None:
            return
        wait = _REST
        if not self._is_busy():
            batch = sweep.step(self._holding.history)
            self._folders |= batch.folders
            wait = _REST if batch.runs else 0
        if not sweep.is_over:
            self._sweep = sweep
            self._later(wait, self._step)
        elif self._folders or not self._has_tidied:
            self._guard.start(self._tidy())

    async def _tidy(self) -> None:
        """Delete what the runs left behind; the first time also what a crash did.

        What takes long only reads history, and does so in a thread.
        """
        folders = self._folders if self._has_tidied else None
        if folders is None and not (self._holding.state / logs_of(self._holding.identity)).is_dir():
            folders = self._folders
        self._has_tidied = True
        if folders is not None and not folders:
            return
        before = Instant(clock.now() - micros(self._keeps().longest))
        try:
            found = await aside(_clear_away, self._holding.path, folders, before)
        except OSError as error:
            self._say(Kind.WARNING, f"old logs cannot be deleted: {error}")
            return
        history = self._holding.history
        with transaction(history):
            drop_old(history, before)
            drop_unused(history, found)
        self._give_back()

    def _give_back(self) -> None:
        """Make the file smaller by some pages, and again, as long as that is worth it."""
        if not self._is_busy():
            with transaction(self._holding.history):
                if not give_back(self._holding.history):
                    return
        self._later(_REST, self._give_back)


def _clear_away(path: Path, folders: Collection[int] | None, before: Instant) -> Unused:
    """Delete the log files of no run; return what no run has any more."""
    connection = read_history(path)
    try:
        remove_orphans(connection, path.parent, folders)
        return unused(connection, before)
    finally:
        connection.close()
