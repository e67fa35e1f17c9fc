"""One turn of the engine: one transaction, and what goes out once it is durable."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from flowcron.domain.channel import Channel
from flowcron.domain.instant import Instant, moment
from flowcron.domain.job import Job
from flowcron.domain.overlap import Limits
from flowcron.domain.ports import Processes
from flowcron.domain.run import State, log_name
from flowcron.domain.schedule import zone_of
from flowcron.engine.book import Book, Line, LineKind, Live
from flowcron.engine.report import Kind, Report
from flowcron.history import record
from flowcron.history.database import Connection


class Over(NamedTuple):
    """A run that is over in this turn; `chain` is the run that its chain began with, if another.

    `definition` is what its job was when it was made, `wrote` whether it has written anything.
    """

    run: int
    job: str
    job_id: int
    definition: Job
    state: State
    at: Instant
    reason: str | None = None
    chain: int | None = None
    wrote: bool = False


@dataclass(slots=True)
class Turn:
    """The transaction in progress, its one "now", and the messages and reports it has earned.

    `may_begin` is false while the scheduler stops, or has no supervisor to begin anything with.
    `owner` identifies a command that runs things in the foreground. What is `over` or `free` has
    consequences that are drawn before the turn ends; see engine/consequences.py. `heard_changed`
    says that what channels were told of broken jobs is no longer what it was.
    """

    db: Connection
    now: Instant
    book: Book
    supervisor_id: int
    processes: Processes
    luck: Callable[[], float]
    may_begin: bool
    history_id: str
    limits: Limits = field(default_factory=Limits)
    owner: str | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    spawns: list[dict[str, Any]] = field(default_factory=list)
    acks: list[list[int]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    over: deque[Over] = field(default_factory=deque)
    free: deque[Line] = field(default_factory=deque)
    had_requests: bool = False
    heard_changed: bool = False

    def begin(self, live: Live) -> None:
        """Record the next attempt of a run and send it to the supervisor after the commit."""
        live.number += 1
        live.token = secrets.token_hex(8)
        if live.number > 1 or live.has_waited:
            record.run_waits_no_more(self.db, live.run)
        live.state = State.QUEUED
        live.process = live.retry_at = live.attempt_started_at = None
        live.waits_at, live.waited_before = None, False
        self.goes_on(live)
        record.begin_attempt(
            self.db, live.run, live.number, supervisor_id=self._to_whom(live), token=live.token
        )
        self.spawns.append(spawn_message(live, self.history_id))

    def begin_again(self, live: Live) -> None:
        """Send an attempt that provably never started, under the row it has already."""
        record.attempt_moved(self.db, live.run, live.number, supervisor_id=self._to_whom(live))
        self.goes_on(live)
        self.spawns.append(spawn_message(live, self.history_id))

    def _to_whom(self, live: Live) -> int | None:
        """Return to whom the spawn of a run goes: to nobody yet while something is read for it.

        That is written down as it is sent (app/preparing.py), so until then nothing has started.
        """
        is_read_for = live.job.secrets or live.job.env_file is not None
        return None if is_read_for else self.supervisor_id

    def goes_on(self, live: Live) -> None:
        """Count a run whose attempt is with a supervisor."""
        self.book.count_in(live)
        self.book.take_slots(live)

    def attempt_over(self, live: Live) -> None:
        """Give back what an attempt took."""
        self.free.extend(self.book.free_slots(live))

    def run_over(
        self,
        live: Live,
        state: State,
        *,
        at: Instant,
        reason: str | None = None,
        wrote: bool = False,
    ) -> None:
        """Forget a run that is over; what that means for others comes before the turn ends."""
        live.state = state
        self.attempt_over(live)
        self.book.end(live)
        self.free.append((LineKind.JOB, live.job_id))
        name, job_id = live.job.name, live.job_id
        over = Over(live.run, name, job_id, live.job, state, at, reason, live.chain, wrote)
        self.over.append(over)
        entry = self.book.entries.get(live.job.name)
        if entry is not None:
            self.book.rest(entry, since=at)
            if state is State.SUCCESS:
                entry.previous_success = live.started_at

    def say(self, kind: Kind, text: str, live: Live | None = None, **fields: Any) -> None:  # noqa: ANN401 fields of Report
        """Report something once the transaction is durable."""
        about: tuple[Any, ...] = ()
        if live is not None:
            about = (live.job.name, live.run, live.number, live.job.retry.times + 1)
        self.reports.append(Report(kind, self.now, text, *about, **fields))


def spawn_message(live: Live, history_id: str) -> dict[str, Any]:
    """Return the message that starts the current attempt of a run."""
    job = live.job
    return {
        "op": "spawn",
        "run": live.run,
        "attempt": live.number,
        "token": live.token,
        "argv": job.argv,
        "env": _environment(live),
        "cwd": job.cwd,
        "timeout": job.timeout and job.timeout.total_seconds(),
        "kill_after": job.kill_after.total_seconds(),
        "log": log_name(live.run, live.number, history=history_id),
        "log_limit": job.log_limit,
        **_surroundings(job),
    }


def _surroundings(job: Job) -> dict[str, Any]:
    """Return what the process gets beside that, as far as the job says anything about it."""
    said: dict[str, Any] = {
        "user": job.user,
        "group": job.group,
        "umask": job.umask,
        "nice": job.nice,
        "stdin": job.stdin,
        "memory": job.memory,
        "cpu_time": job.cpu_time and job.cpu_time.total_seconds(),
        "open_files": job.open_files,
        "env_file": job.env_file,
        "secrets": dict(job.secrets) or None,
        "inherit_env": None if job.inherit_env else False,
    }
    return {name: value for name, value in said.items() if value is not None}


def _environment(live: Live) -> dict[str, str]:
    job = live.job
    told = {
        "FLOWCRON_JOB": job.name,
        "FLOWCRON_RUN_ID": str(live.run),
        "FLOWCRON_ATTEMPT": str(live.number),
        "FLOWCRON_PARAMS": "{}",
    }
    if live.due_at is not None:
        told["FLOWCRON_SCHEDULED_AT"] = _text(live.due_at, job.timezone)
    if live.previous_success is not None:
        told["FLOWCRON_PREVIOUS_SUCCESS_AT"] = _text(live.previous_success, job.timezone)
    return dict(job.env) | told


@lru_cache(maxsize=64)
def _text(at: Instant, timezone: str) -> str:
    """Return an instant as ISO 8601; the runs of a burst share theirs."""
    return moment(at, zone_of(timezone)).isoformat()
