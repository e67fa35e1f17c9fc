"""What the engine keeps in memory between two turns: jobs, live runs and who waits for what."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import After, Job
from flowcron.domain.outcome import Exited
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


class LineKind(StrEnum):
    """What runs stand in line for."""

    JOB = "job"
    POOL = "pool"
    SLOT = "slot"


Line = tuple[LineKind, str | int]
"""Where runs wait: for a job (its id), for a pool (its name), or for one of all slots ("")."""

ALL_SLOTS: Line = (LineKind.SLOT, "")


@dataclass(slots=True)
class Live:
    """A run that is not over; `job` is what the job was when the run was made.

    `due_at` is the time that its process is told: its own, or that of the run its chain began
    with. `waits_at` is the line it stands in, `waited_before` says that it stood in one under
    a scheduler that died, `is_forced` lets it overlap others of its job.
    While it is judged whether an attempt did what its job expects, `ended` is how it ended and the
    message of it. Since `no_room_since` the system has had no room for its process.
    """

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
    due_at: Instant | None = None
    chain: int | None = None
    is_forced: bool = False
    is_slow: bool = False
    waits_at: Line | None = None
    waited_before: bool = False
    ended: tuple[Exited, dict[str, Any]] | None = None
    no_room_since: Instant | None = None

    @property
    def has_waited(self) -> bool:
        """Whether history says that it waits for something."""
        return self.waits_at is not None or self.waited_before or self.state is State.RETRYING

    @property
    def has_attempt(self) -> bool:
        """Whether an attempt of it is with a supervisor."""
        is_out = self.number > 0 and self.waits_at is None
        return is_out and self.state in {State.QUEUED, State.RUNNING}


@dataclass(slots=True)
class Book:
    """Everything in memory. History is the truth; this is what it says, ready to use."""

    entries: dict[str, Entry] = field(default_factory=dict)
    by_schedule: dict[str, list[Entry]] = field(default_factory=dict)
    live: dict[int, Live] = field(default_factory=dict)
    lines: dict[Line, list[tuple[int, int]]] = field(default_factory=dict)
    under_way: dict[int, set[int]] = field(default_factory=dict)
    slots: dict[Line, set[int]] = field(default_factory=dict)
    afters: dict[str, After] = field(default_factory=dict)
    leads: frozenset[str] = frozenset()
    mutes: dict[str, Instant | None] = field(default_factory=dict)
    retries: list[tuple[Instant, int]] = field(default_factory=list)
    rests: list[tuple[Instant, str]] = field(default_factory=list)
    slows: list[tuple[Instant, int]] = field(default_factory=list)
    pauses: dict[int, Pause] = field(default_factory=dict)
    remind_at: Instant | None = None

    def use(self, entries: Iterable[Entry]) -> None:
        """Make these the current jobs."""
        self.entries = {entry.job.name: entry for entry in entries}
        self.by_schedule = {}
        for entry in self.entries.values():
            for alarm in entry.alarms:
                self.by_schedule.setdefault(alarm.key, []).append(entry)
        self.afters = {
            name: entry.job.after
            for name, entry in self.entries.items()
            if entry.job.after is not None
        }
        self.leads = frozenset(job for after in self.afters.values() for job in after.jobs)
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

    def watch_for_slow(self, live: Live, *, after: timedelta) -> None:
        """Remember when a run that has started will have gone on for too long."""
        if live.started_at is not None and not live.is_slow:
            heapq.heappush(self.slows, (Instant(live.started_at + micros(after)), live.run))

    def slow(self, now: Instant) -> list[Live]:
        """Take the runs that have gone on for too long by now."""
        found = []
        while self.slows and self.slows[0][0] <= now:
            _, run = heapq.heappop(self.slows)
            live = self.live.get(run)
            if live is not None and not live.is_slow:
                live.is_slow = True
                found.append(live)
        return found

    def queue(self, live: Live, line: Line) -> None:
        """Let a run stand in a line: the highest priority first, then the oldest run.

        For its own job it is the oldest, as for those who wait in other processes.
        """
        self.live[live.run] = live
        live.state, live.retry_at, live.waits_at = State.QUEUED, None, line
        priority = 0 if line[0] is LineKind.JOB else live.job.priority
        heapq.heappush(self.lines.setdefault(line, []), (-priority, live.run))

    def first_in(self, line: Line) -> Live | None:
        """Return the run whose turn it is in a line, or None."""
        places = self.lines.get(line)
        while places:
            live = self.live.get(places[0][1])
            if live is not None and live.waits_at == line:
                return live
            heapq.heappop(places)
        self.lines.pop(line, None)
        return None

    def count_in(self, live: Live) -> None:
        """Count a run among those of its job that are under way."""
        self.live[live.run] = live
        self.under_way.setdefault(live.job_id, set()).add(live.run)

    def take_slots(self, live: Live) -> None:
        """Count an attempt in its pool and among all."""
        for line in slots_of(live.job):
            self.slots.setdefault(line, set()).add(live.run)

    def free_slots(self, live: Live) -> tuple[Line, ...]:
        """Give back what an attempt took; return the lines in which somebody may go on."""
        lines = slots_of(live.job)
        for line in lines:
            self.slots.get(line, set()).discard(live.run)
        return lines

    def end(self, live: Live) -> None:
        """Forget a run that is over."""
        self.live.pop(live.run, None)
        runs = self.under_way.get(live.job_id, set())
        runs.discard(live.run)
        if not runs:
            self.under_way.pop(live.job_id, None)


def slots_of(job: Job) -> tuple[Line, ...]:
    """Return where an attempt of a job takes a slot."""
    return (ALL_SLOTS,) if job.pool is None else ((LineKind.POOL, job.pool), ALL_SLOTS)
