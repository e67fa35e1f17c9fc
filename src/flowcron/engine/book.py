"""What the engine keeps in memory between two turns: jobs, live runs and who waits for what."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.ports import Process
from flowcron.domain.run import State
from flowcron.domain.schedule import Schedule
from flowcron.history.pauses import Pause


@dataclass(slots=True)
class Entry:
    """A job of the current configuration, with its place in history.

    Everything before `cursor` is decided. Times of `schedules` are due `delay` microseconds later,
    which is when its `alarms` go off. `rest` is how long it rests after a run, if it does.
    """

    job: Job
    id: int
    definition_id: int
    schedules: tuple[Schedule, ...]
    cursor: Instant | None
    generation: int
    previous_success: Instant | None = None
    delay: int = 0
    alarms: tuple[Schedule, ...] = ()
    rest: int | None = None
    rests_until: Instant | None = None
    boot: str | None = None


@dataclass(slots=True)
class Live:
    """A run that is not over; `job` is what the job was when the run was made."""

    run: int
    job: Job
    job_id: int
    scheduled_at: Instant | None
    state: State = State.QUEUED
    number: int = 0
    token: str = ""
    started_at: Instant | None = None
    attempt_started_at: Instant | None = None
    process: Process | None = None
    retry_at: Instant | None = None
    retries_left: bool = True
    cancelled_by: str = ""
    previous_success: Instant | None = None

    @property
    def has_attempt(self) -> bool:
        """Whether an attempt of it is with a supervisor."""
        return self.number > 0 and self.state in {State.QUEUED, State.RUNNING}


@dataclass(slots=True)
class Book:
    """Everything in memory. History is the truth; this is what it says, ready to use."""

    entries: dict[str, Entry] = field(default_factory=dict)
    by_schedule: dict[str, list[Entry]] = field(default_factory=dict)
    live: dict[int, Live] = field(default_factory=dict)
    waiting: dict[int, deque[int]] = field(default_factory=dict)
    under_way: dict[int, set[int]] = field(default_factory=dict)
    retries: list[tuple[Instant, int]] = field(default_factory=list)
    rests: list[tuple[Instant, str]] = field(default_factory=list)
    pauses: dict[int, Pause] = field(default_factory=dict)

    def use(self, entries: Iterable[Entry]) -> None:
        """Make these the current jobs."""
        self.entries = {entry.job.name: entry for entry in entries}
        self.by_schedule = {}
        for entry in self.entries.values():
            for alarm in entry.alarms:
                self.by_schedule.setdefault(alarm.key, []).append(entry)
        self.rests = [
            (entry.rests_until, entry.job.name)
            for entry in self.entries.values()
            if entry.rests_until is not None
        ]
        heapq.heapify(self.rests)

    def alarms(self) -> dict[str, Schedule]:
        """Return every schedule that a job needs to be woken for, by key."""
        return {alarm.key: alarm for entry in self.entries.values() for alarm in entry.alarms}

    def rest(self, entry: Entry, *, since: Instant) -> None:
        """Let a job rest that does so after its runs."""
        if entry.rest is not None:
            entry.rests_until = Instant(since + entry.rest)
            heapq.heappush(self.rests, (entry.rests_until, entry.job.name))

    def rested(self, now: Instant) -> list[tuple[Entry, Instant]]:
        """Take the jobs whose rest is over, and since when it is."""
        over = []
        while self.rests and self.rests[0][0] <= now:
            until, name = heapq.heappop(self.rests)
            entry = self.entries.get(name)
            if entry is not None and entry.rests_until == until:
                entry.rests_until = None
                over.append((entry, until))
        return over

    def retry_later(self, live: Live, at: Instant) -> None:
        """Remember when the next attempt of a run is due."""
        live.state, live.retry_at = State.RETRYING, at
        heapq.heappush(self.retries, (at, live.run))

    def retries_due(self, now: Instant) -> list[Live]:
        """Take the runs whose next attempt is due."""
        due = []
        while self.retries and self.retries[0][0] <= now:
            at, run = heapq.heappop(self.retries)
            live = self.live.get(run)
            if live and live.state is State.RETRYING and live.retry_at == at:
                due.append(live)
        return due

    def wait(self, live: Live) -> None:
        """Let a run wait until the runs of its job before it are over."""
        self.live[live.run] = live
        self.waiting.setdefault(live.job_id, deque()).append(live.run)

    def next_waiting(self, job_id: int) -> Live | None:
        """Take the run that has waited longest for its job, or None."""
        queue = self.waiting.get(job_id)
        while queue:
            live = self.live.get(queue.popleft())
            if live:
                return live
        self.waiting.pop(job_id, None)
        return None

    def begin(self, live: Live) -> None:
        """Remember that a run is under way."""
        self.live[live.run] = live
        self.under_way.setdefault(live.job_id, set()).add(live.run)

    def end(self, live: Live) -> None:
        """Forget a run that is over."""
        self.live.pop(live.run, None)
        runs = self.under_way.get(live.job_id, set())
        runs.discard(live.run)
        if not runs:
            self.under_way.pop(live.job_id, None)
