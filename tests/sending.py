"""A history with a run in it, and the process that tells of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fakes import make_job
from flowcron.alerts.order import Answer, Order, Site
from flowcron.app.courier import deliver
from flowcron.domain.alerting import Event
from flowcron.domain.channel import Channel
from flowcron.domain.instant import Instant
from flowcron.domain.job import Cron, Job
from flowcron.domain.run import State
from flowcron.history.database import transaction
from flowcron.history.incidents import NewAlert, put
from flowcron.supervisor.segment import RECORD
from flowcron.system import clock
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs
from rows import Story

JOB = make_job("backup", when=(Cron("0 3 * * *", "Europe/Berlin"),))


class Outbox:
    """A history with a run in it, what is to be told of it, and the process that tells it."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.configured(JOB)

    def configured(self, job: Job) -> None:
        self.story.configured(job)
        self.job = job

    def put(self, event: Event = Event.FAILURE, text: str = "exit 2", **how: Any) -> int:
        """Put what happened to a run into the outbox."""
        output: bytes = how.pop("output", b"reading\nno such table\n")
        details = how.pop("details", {})
        state = {Event.SUCCESS: State.SUCCESS, Event.RECOVERY: State.SUCCESS}.get(event)
        run = self.story.run(
            self.job.name,
            Instant(clock.now() - 1_000_000),
            **({"state": state or State.FAILED, "exit_code": 0 if state else 2} | how),
        )
        if output:
            self.story.output(run, output, RECORD.pack(0, len(output)))
        with transaction(self.story.db):
            new = NewAlert("ops", event, text, clock.now(), 1, run, details=details)
            return put(self.story.db, new, at=clock.now())

    def deliver(self, channel: Channel | None, target: str, *rows: int, **site: Any) -> Answer:
        """Have rows delivered, or a test where there are none."""
        place = Site(str(self.story.path), f"{self.folder}/schedules.toml", "UTC", **site)
        programs = Programs(MachineProcesses().status_of)
        return deliver(programs, Order(place, target, channel, rows))

    @property
    def folder(self) -> Path:
        """Where the configuration is."""
        return self.story.path.parent

    @property
    def states(self) -> list[str]:
        rows = self.story.db.execute("SELECT state FROM outbox ORDER BY id")
        return [state for (state,) in rows]
