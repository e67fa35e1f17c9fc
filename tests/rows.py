"""Histories for the tests of reading commands: real rows, written by the real functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fakes import make_job
from flowcron.domain.instant import SECOND, Instant, instant
from flowcron.domain.job import Cron, Job, RetryPolicy
from flowcron.domain.run import State, Trigger
from flowcron.domain.snapshot import definition_of
from flowcron.history import record, schedulers
from flowcron.history.database import open_history, transaction
from flowcron.history.jobs import Definition, JobRow, _all_jobs, register

SUNDAY = instant(datetime(2026, 11, 22, 18, 48, 19, tzinfo=UTC))
"""The evening on which all these tests happen."""


def ago(**length: float) -> Instant:
    """Return the instant so long before that evening."""
    return Instant(SUNDAY - round(timedelta(**length).total_seconds() * SECOND))


def at(text: str) -> Instant:
    """Return an instant written as ISO 8601, in UTC."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


class Story:
    """A history file, and the words to say what happened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = open_history(path)
        self.jobs: dict[str, JobRow] = {row.name: row for row in _all_jobs(self.db)}

    def configured(self, *jobs: Job) -> None:
        """Make these the jobs that the scheduler loaded last."""
        definitions = [Definition(job.name, definition_of(job), str(job.when)) for job in jobs]
        with transaction(self.db):
            self.jobs |= register(self.db, definitions, at=ago(days=60))

    def scheduler(self, config: Path, digest: str, *, pid: int = 811) -> int:
        """Record the start of a scheduler, two days ago."""
        with transaction(self.db):
            return schedulers.scheduler_started(
                self.db,
                pid=pid,
                boot="boot",
                host="db1",
                version="0.1.0",
                config=str(config),
                digest=digest,
                at=ago(days=2, hours=9),
            )

    def run(self, job: str, due: Instant, **what_matters: Any) -> int:
        """Record a run that is over; it took `took` seconds and ended as `state`."""
        state: State = what_matters.pop("state", State.SUCCESS)
        number = self.claimed(job, due, state=State.QUEUED, **_claim(what_matters))
        for retry in range(what_matters.pop("retries", 0)):
            self._attempt(number, retry + 1, due + retry * SECOND, State.FAILED, took=0.5)
        last = self._attempts(number) + 1
        end = self._attempt(number, last, due, state, **what_matters)
        with transaction(self.db):
            record.run_ended(self.db, end, reason=end.reason)
        return number

    def running(self, job: str, due: Instant, *, pid: int = 4012) -> int:
        """Record a run that goes on."""
        number = self.claimed(job, due, state=State.QUEUED)
        with transaction(self.db):
            self._begin(number, 1)
            record.attempt_started(self.db, number, 1, at=due, process=(pid, 1, 1))
        return number

    def claimed(self, job: str, due: Instant | None, **what_matters: Any) -> int:
        """Record a run that has its row and nothing more."""
        row = self.jobs[job]
        what_matters = {"trigger": Trigger.SCHEDULE, "recorded_at": due} | what_matters
        with transaction(self.db):
            new = record.NewRun(row.id, row.definition_id or 0, scheduled_at=due, **what_matters)
            number = record.claim(self.db, new)
        assert number is not None
        return number

    def mark(self, run: int, **columns: Any) -> None:
        """Write into columns of a run: what it waits for, how late it was, its chain."""
        for name, value in columns.items():
            self.db.execute(f'UPDATE runs SET "{name}" = ? WHERE id = ?', (value, run))

    def output(self, run: int, content: bytes, pieces: bytes, *, number: int = 1) -> None:
        """Record what an attempt wrote."""
        with transaction(self.db):
            record.keep_output(self.db, run, number, output=content, pieces=pieces)

    def _begin(self, run: int, number: int) -> None:
        supervisor = schedulers.supervisor_seen(self.db, "it", boot="boot", pid=812, at=SUNDAY)
        record.begin_attempt(
            self.db, run, number, supervisor_id=supervisor, token=f"{run}.{number}"
        )

    def _attempt(
        self, run: int, number: int, start: int, state: State, *, took: float = 1.0, **how: Any
    ) -> record.AttemptEnd:
        how = ({"exit_code": 1, "reason": "exit 1"} if state == State.FAILED else {}) | how
        how = ({"exit_code": 0} if state == State.SUCCESS else {}) | how
        end = record.AttemptEnd(
            run,
            number,
            state,
            finished_at=Instant(start + round(took * SECOND)),
            started_at=Instant(start),
            **how,
        )
        with transaction(self.db):
            self._begin(run, number)
            record.attempt_started(self.db, run, number, at=Instant(start), process=(100, 1, 1))
            record.attempt_ended(self.db, end)
        return end

    def _attempts(self, run: int) -> int:
        row = self.db.execute("SELECT count(*) FROM attempts WHERE run_id = ?", (run,)).fetchone()
        return int(row[0])


def evening(path: Path) -> Story:
    """Return the history of the pictures in the command line's design."""
    story = Story(path)
    berlin = "Europe/Berlin"
    retry = RetryPolicy(times=2)
    story.configured(
        make_job("backup", when=(Cron("0 3 * * *", berlin),), retry=RetryPolicy(times=4)),
        make_job("cert-renew", when=(Cron("17 4,16 * * *", berlin),)),
        make_job("extract", when=(Cron("30 18 * * *", berlin),), retry=retry),
        make_job("daily-kpis", when=(Cron("0 7 * * 1-5", berlin),), retry=retry),
        make_job("ping", when=(Cron("* * * * *", berlin),)),
        make_job("cleanup", when=(Cron("0 2 * * SUN", "America/New_York"),), enabled=False),
        make_job("by-hand"),
    )
    for day in range(14, 0, -1):
        story.run("backup", ago(days=day), took=252, retries=1 if day == 5 else 0)
        story.run("extract", ago(days=day, hours=0.3), took=1320)
    for minute in range(60, 0, -1):
        story.run("ping", ago(minutes=minute), took=0.2)
    _troubles(story)
    story.running("extract", ago(minutes=17, seconds=41))
    return story


def _troubles(story: Story) -> None:
    refused = "psycopg.OperationalError: connection refused"
    for day in (4, 3, 2):
        story.run(
            "daily-kpis",
            ago(days=day),
            state=State.FAILED,
            took=41,
            retries=2,
            exit_code=2,
            reason="exit 2",
            last_line=refused,
        )
    reason = "timed out after 1h · SIGTERM"
    story.run("cert-renew", ago(days=3), state=State.TIMED_OUT, took=3600, signal=15, reason=reason)
    story.run("cert-renew", ago(hours=2), took=6.1)
    story.claimed("ping", ago(minutes=90), state=State.SKIPPED, reason="run 31 was still running")
    story.claimed(
        "backup",
        ago(days=4, hours=15),
        state=State.MISSED,
        reason="the scheduler was down",
        trigger=Trigger.CATCH_UP,
        covers=3,
    )
    story.run("by-hand", ago(hours=1), trigger=Trigger.MANUAL, requested_by="root", took=75)


def _claim(what_matters: dict[str, Any]) -> dict[str, Any]:
    names = ("trigger", "requested_by", "covers")
    return {name: what_matters.pop(name) for name in names if name in what_matters}
