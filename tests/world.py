"""A machine for the engine: real SQLite, everything else a double."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakes import NOON, FakeClock, FakeProcesses, ScriptedJudge, ScriptedLauncher
from flowcron.domain.channel import Channel
from flowcron.domain.job import Job
from flowcron.domain.overlap import Limits
from flowcron.engine.engine import Engine
from flowcron.engine.recovery import Known, Supervision
from flowcron.engine.report import Report
from flowcron.history import schedulers
from flowcron.history.database import Connection


class World:
    """One history and any number of schedulers that live on it, one after the other."""

    def __init__(self, history: Connection) -> None:
        self.history = history
        self.clock = FakeClock()
        self.processes = FakeProcesses()
        self.launcher = ScriptedLauncher()
        self.judge = ScriptedJudge()
        self.reports: list[Report] = []
        self.luck = 0.5

    def engine(
        self,
        *jobs: Job,
        known: Known | None = None,
        supervisor: str = "first",
        boot: str = "boot 1",
        limits: Limits | None = None,
        channels: Iterable[Channel] = (),
    ) -> Engine:
        """Return a scheduler's engine after its recovery, with a launcher of its own."""
        self.launcher = ScriptedLauncher()
        self.judge = ScriptedJudge()
        self.reports = []
        engine = Engine(
            self.history,
            launcher=self.launcher,
            judge=self.judge,
            processes=self.processes,
            clock=self.clock,
            report=self.reports.extend,
            luck=lambda: self.luck,
        )
        engine.load(jobs, limits=limits, channels=channels)
        supervisor_id = schedulers.supervisor_seen(
            self.history, supervisor, boot=boot, pid=1, at=NOON
        )
        engine.recover(1, Supervision(supervisor_id, boot, known or {}))
        return engine

    def command(self, owner: str) -> Engine:
        """Return the engine of a command that runs something in the foreground."""
        self.launcher = ScriptedLauncher()
        self.judge = ScriptedJudge()
        engine = Engine(
            self.history,
            launcher=self.launcher,
            judge=self.judge,
            processes=self.processes,
            clock=self.clock,
            report=self.reports.extend,
            luck=lambda: self.luck,
            owner=owner,
        )
        engine.supervise(
            schedulers.supervisor_seen(self.history, owner, boot="boot 1", pid=1, at=NOON)
        )
        return engine

    def rows(self, sql: str, *values: object) -> list[Any]:
        return self.history.execute(sql, values).fetchall()

    @property
    def states(self) -> list[str]:
        return [state for (state,) in self.rows("SELECT state FROM runs ORDER BY id")]
