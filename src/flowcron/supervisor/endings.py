"""Seeing to it that attempts end: at their timeout, when asked, and for good."""

from __future__ import annotations

import signal
import time
from functools import partial

from flowcron.supervisor.ending import Ending
from flowcron.supervisor.journal import note
from flowcron.supervisor.tree import look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.deadlines import Deadline, Deadlines
    from flowcron.supervisor.orphans import Orphans

_SOON = 0.01  # s: attempts whose first processes end together share a look


class Endings:
    """All attempts that were asked to end and are not known to be gone yet.

    An attempt has `kill_after` seconds, and so has what is left of it once its first process ended;
    then all of it is killed. Looking at all processes costs milliseconds, so that all attempts
    that are to end at one time share a look.
    """

    __slots__ = ("_deadlines", "_endings", "_next", "_orphans")

    def __init__(self, deadlines: Deadlines, *, orphans: Orphans | None) -> None:
        self._deadlines = deadlines
        self._orphans = orphans
        self._endings: dict[Attempt, Ending] = {}
        self._next: Deadline | None = None

    @property
    def pending(self) -> int:
        """How many attempts were asked to end and may have left something that is to be killed."""
        return len(self._endings)

    def arm(self, attempt: Attempt, timeout: float) -> None:
        """Ask an attempt to end after `timeout` seconds, because of a timeout."""
        ask = partial(self.ask, attempt, signal.SIGTERM, why="timeout")
        attempt.deadline = self._deadlines.add(time.monotonic() + timeout, ask)

    def ask(
        self, attempt: Attempt, number: int, *, why: str, kill_after: float | None = None
    ) -> None:
        """Signal an attempt so that it ends, and kill it if it does not.

        Asked again it is signalled again, and has no more time than it had.
        """
        attempt.why = attempt.why or why
        self._disarm(attempt)
        ending = self._endings.get(attempt)
        if ending is None:
            ending = self._endings[attempt] = Ending(attempt)
        if number == signal.SIGKILL:
            self._stop_timer(ending)
            ending.kill()
        else:
            ending.ask(number)
            wait = attempt.kill_after if kill_after is None else kill_after
            self._kill_within(ending, wait)
        self._work_within(0.0)

    def ended(self, attempt: Attempt) -> None:
        """Let go of an attempt whose process ended; if it was asked to, what is left is killed."""
        ending = self._endings.get(attempt)
        if ending is None:
            self._disarm(attempt)
            return
        ending.first_ended()
        self._work_within(_SOON)

    def _kill_within(self, ending: Ending, seconds: float) -> None:
        when = time.monotonic() + seconds
        if ending.timer is None or when < ending.timer.when:
            self._stop_timer(ending)
            ending.timer = self._deadlines.add(when, partial(self._kill, ending))

    def _kill(self, ending: Ending) -> None:
        ending.timer = None
        ending.kill()
        self._work_within(0.0)

    def _work_within(self, seconds: float) -> None:
        when = time.monotonic() + seconds
        if self._next is not None:
            if self._next.when <= when:
                return
            self._deadlines.cancel(self._next)
        self._next = self._deadlines.add(when, self._work)

    def _work(self) -> None:
        """Take a step with all of them; at most half of the time is spent with looking."""
        self._next = None
        begun = time.monotonic()
        try:
            look([ending.tree for ending in self._endings.values()], self._orphans)
        except OSError as error:  # no descriptors: what was known before has to do
            note(f"could not look at the processes of what is to end: {error}")
        took = time.monotonic() - begun
        for attempt, ending in tuple(self._endings.items()):
            wait = ending.step()
            if wait is not None:
                self._work_within(max(wait, took))
                continue
            self._stop_timer(ending)
            del self._endings[attempt]
            if attempt.cgroup is not None:
                attempt.cgroup.remove()

    def _stop_timer(self, ending: Ending) -> None:
        if ending.timer is not None:
            self._deadlines.cancel(ending.timer)
            ending.timer = None

    def _disarm(self, attempt: Attempt) -> None:
        if attempt.deadline is not None:
            self._deadlines.cancel(attempt.deadline)
            attempt.deadline = None
