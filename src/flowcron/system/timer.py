"""The alarm clock: APScheduler wakes us at the next time of each schedule, and decides nothing.

What is due, and what was missed, is decided by the planner from the cursor in history.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from flowcron.domain.instant import Instant, instant, moment

LONGEST_SLEEP = 30.0  # seconds; then the wall clock is asked again

_log = logging.getLogger(__name__)


class HasNext(Protocol):
    """Anything with a next time; flowcron.domain.schedule has the real ones."""

    def next(self, after: Instant) -> Instant | None:
        """Return the first time strictly after `after`."""


class Timer:
    """Calls `on_due` with the key of each schedule whose time has come."""

    def __init__(self, on_due: Callable[[str], None]) -> None:
        self._armed: set[str] = set()
        self._scheduler = _Scheduler(timezone=UTC, executors={"default": _Executor(on_due)})

    def start(self) -> None:
        """Begin to wake the running asyncio loop."""
        self._scheduler.start()

    def arm(self, schedules: Mapping[str, HasNext]) -> None:
        """Make exactly these the schedules that are waited for."""
        with self._undisturbed():
            self._exchange(schedules)

    def _exchange(self, schedules: Mapping[str, HasNext]) -> None:
        for key in self._armed - schedules.keys():
            self._disarm(key)
        for key in schedules.keys() - self._armed:
            self._scheduler.add_job(
                _nothing,
                _Trigger(schedules[key]),
                id=key,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._armed = set(schedules)

    def arm_again(self, schedules: Mapping[str, HasNext]) -> None:
        """Ask every schedule anew: the clock is not where it was when they were asked."""
        self.arm({})
        self.arm(schedules)

    def next(self) -> tuple[Instant, str] | None:
        """Return the time that is waited for, and the key of its schedule; None when none is."""
        waiting = self._scheduler.get_jobs()  # the soonest first
        return (instant(waiting[0].next_run_time), waiting[0].id) if waiting else None

    def stop(self) -> None:
        """Wake nobody any more."""
        self._scheduler.shutdown(wait=False)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Keep APScheduler from waking the loop for each of ten thousand entries."""
        if not self._scheduler.running:
            yield
            return
        self._scheduler.pause()
        yield
        self._scheduler.resume()

    def _disarm(self, key: str) -> None:
        if self._scheduler.get_job(key) is not None:  # one without a next time left by itself
            self._scheduler.remove_job(key)


class _Scheduler(AsyncIOScheduler):  # type: ignore[misc] # APScheduler has no types
    def _start_timer(self, wait_seconds: float | None) -> None:
        if wait_seconds is not None:
            wait_seconds = min(wait_seconds, LONGEST_SLEEP)
        super()._start_timer(wait_seconds)


class _Executor(BaseExecutor):  # type: ignore[misc] # APScheduler has no types
    """Hands the key over before the next time is worked out; there is nothing to run here."""

    def __init__(self, on_due: Callable[[str], None]) -> None:
        super().__init__()
        self._on_due = on_due

    def submit_job(self, job: Any, run_times: list[datetime]) -> None:  # noqa: ANN401, ARG002 APScheduler's signature
        self._on_due(job.id)

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:  # noqa: ANN401 APScheduler's signature
        raise NotImplementedError


class _Trigger(BaseTrigger):  # type: ignore[misc] # APScheduler has no types
    """Asks a schedule; it never raises, because that would end APScheduler for good."""

    __slots__ = ("_answer", "_asked", "_schedule")

    def __init__(self, schedule: HasNext) -> None:
        self._schedule = schedule
        self._asked: Instant | None = None
        self._answer: datetime | None = None

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the first time after both; APScheduler asks each question twice."""
        after = instant(max(previous_fire_time or now, now))
        if after != self._asked:
            self._asked, self._answer = after, self._next(after)
        return self._answer

    def _next(self, after: Instant) -> datetime | None:
        try:
            found = self._schedule.next(after)
        except Exception:  # noqa: BLE001 one bad schedule must not silence all others
            _log.exception("schedule %r has no next time", self._schedule)
            return None
        return None if found is None else moment(found)


def _nothing() -> None:
    """Stand in for the function that APScheduler wants and our executor never calls."""
