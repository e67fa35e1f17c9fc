"""What systemd hears from a scheduler: what it does, how it is, and that its loop turns."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant
from flowcron.engine.engine import Engine
from flowcron.system import notify
from flowcron.system.notify import Manager

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class Notifying:
    """Speaks to the manager; what it could not take at once is said again at the next beat.

    `status` says in a line how the scheduler is; it is asked at beats and changes alone, and only
    where somebody listens. `warn` is told once that nobody can be reached.
    """

    def __init__(
        self, manager: Manager, *, status: Callable[[], str], warn: Callable[[str], None]
    ) -> None:
        self._manager = manager
        self._status = status
        self._warn = warn
        self._has_warned = False
        self._unsaid: deque[tuple[str, ...]] = deque()
        self._said_status = ""

    def begin(self, loop: asyncio.AbstractEventLoop, *, beat: float) -> None:
        """Say that it schedules; from then on the manager waits for `beat`, or sooner for more.

        `beat` is how many seconds apart the beats are: where they are enough for the watchdog, it
        costs no wake-up of its own.
        """
        self.ready()
        watchdog = self._manager.watchdog
        if watchdog is not None and watchdog / 2 < beat:
            self._feed(loop, every=watchdog / 2)

    def ready(self) -> None:
        """Say that it schedules: at the start, and when a reload is over.

        The status goes before, so that whoever waited for the end of a start or reload can read it.
        """
        self._tell_status()
        self._tell(notify.READY)

    def reloading(self) -> None:
        """Say that the configuration is being loaded again; `ready` ends it."""
        self._tell(*notify.reloading())

    def stopping(self) -> None:
        """Say that it ends."""
        self._tell(notify.STOPPING)

    def beat(self) -> None:
        """Say that the loop turns, how the scheduler is if that has changed, and what waits."""
        self._tell()
        if self._manager.watchdog is not None:
            self._say(notify.ALIVE)
        self._tell_status()

    def _feed(self, loop: asyncio.AbstractEventLoop, *, every: float) -> None:
        self._say(notify.ALIVE)
        loop.call_later(every, lambda: self._feed(loop, every=every))

    def _tell_status(self) -> None:
        if self._manager.address:
            now = notify.status(self._status())
            if now != self._said_status and self._say(now):
                self._said_status = now

    def _tell(self, *states: str) -> None:
        """Say what must arrive, in this order, and before it what could not be said yet."""
        if states:
            self._unsaid.append(states)
        while self._unsaid and self._say(*self._unsaid[0]):
            self._unsaid.popleft()

    def _say(self, *states: str) -> bool:
        """Return whether the manager has taken it."""
        try:
            self._manager.tell(*states)
        except OSError as error:
            if not self._has_warned:
                self._has_warned = True
                self._warn(f"systemd cannot be told how it goes here: {error}; trying on")
            return False
        return True


def status_line(engine: Engine, due: tuple[Instant, str] | None, *, now: Instant) -> str:
    """Return "9 jobs, 1 running, next rotate-logs in 5h 12m".

    `due` is the time that comes next and the key of its schedule.
    """
    jobs, running = len(engine.book.entries), len(engine.under_way)
    parts = ["1 job" if jobs == 1 else f"{jobs} jobs"]
    if running:
        parts.append(f"{running} running")
    waiting = engine.book.by_schedule.get(due[1]) if due else None
    if due and waiting:
        name, wait = waiting[0].job.name, timedelta(microseconds=due[0] - now)
        parts.append(f"next {name} {_ahead(wait)}")
    return ", ".join(parts)


def _ahead(wait: timedelta) -> str:
    """Return how long until something, to the minute: so that it changes once a minute."""
    if wait < _MINUTE:
        return "within a minute"
    text = human_duration(wait)
    return f"in {text if wait >= _HOUR else text.split()[0]}"
