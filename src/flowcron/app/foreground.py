"""A run in this very process: `flowcron run` without a scheduler. Same claim, same history."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from flowcron.app.alerting import Alerting, Heard
from flowcron.app.asking import scheduler_pid
from flowcron.app.judges import Judges
from flowcron.app.preparing import Preparing
from flowcron.app.privacy import insist_on_privacy
from flowcron.config.config import Config
from flowcron.domain.instant import SECOND
from flowcron.domain.job import Job
from flowcron.domain.wish import Wish
from flowcron.engine.engine import Engine
from flowcron.engine.recovery import Supervision
from flowcron.engine.report import Report
from flowcron.history import record, schedulers
from flowcron.history.database import make_state_folder, open_history, transaction
from flowcron.supervisor.core import Supervisor
from flowcron.system import clock
from flowcron.system.processes import MachineProcesses, boot_id
from flowcron.system.programs import Programs

_TURN = 0.1  # seconds between two looks at the output
_LOOK = 1.0  # seconds between two looks at what it waits for: other processes do not say


class Foreground:
    """One run, those after it, and their supervisor, all in this process."""

    def __init__(self, history: Path, environment: dict[str, str]) -> None:
        make_state_folder(history.parent)
        insist_on_privacy(history.parent)
        self._history = open_history(history)
        self._said: list[dict[str, Any]] = []
        self._processes = MachineProcesses()
        self._supervisor = Supervisor(
            str(history.parent),
            emit=self._hear,
            environment=environment,
            reaped=self._processes.remember,
        )
        self._boot = boot_id()
        self._me = self._processes.owner()
        self._programs = Programs(self._processes.status_of)
        self._preparing = Preparing(
            self._programs,
            send=self._handle,
            say=self._said.extend,
            write_down=self._sends,
            wakes=_EachStep(),
        )
        self._judges = Judges(
            history.parent, self._programs, say=self._said.extend, wakes=_EachStep()
        )
        self._engine = Engine(
            self._history,
            launcher=self,
            judge=self._judges,
            processes=self._processes,
            clock=clock.now,
            report=_nobody_listens,
            owner=json.dumps(
                {
                    "pid": self._me.pid,
                    "started": self._me.started,
                    "inode": self._me.inode,
                    "boot": self._boot,
                }
            ),
        )
        self._looks_at = 0.0
        self._supervisor_id = 0
        self._cancelled_by = ""
        self._path = history
        self._config: Config | None = None
        self._mine: set[int] = set()

    def begin(self, jobs: Iterable[Job], wish: Wish, *, config: Config) -> int:
        """Claim the run and return its id; raises RefusedError when it may not start.

        `jobs` has its job and those that run after it; the limits of `config` hold, and its
        channels hear of them.
        """
        with transaction(self._history):
            self._supervisor_id = schedulers.supervisor_seen(
                self._history,
                os.urandom(8).hex(),
                boot=self._boot,
                pid=self._me.pid,
                at=clock.now(),
            )
        self._engine.supervise(self._supervisor_id)
        self._engine.reap(Supervision(self._supervisor_id, self._boot, {}), adopt=False)
        self._config = config
        run = self._engine.run_in_foreground(
            jobs, wish, limits=config.limits, channels=config.channels
        )
        self._mine |= self._engine.book.live.keys()
        return run

    @property
    def runs(self) -> list[int]:
        """The runs of this command that are not over, oldest first."""
        return sorted(self._engine.book.live)

    def send(self, *messages: dict[str, Any]) -> None:
        """Hand messages to the supervisor in this process, with what they need."""
        self._preparing.hand_on(*messages)

    def step(self) -> None:
        """Take one turn: let the processes go on for a moment, and write down what they did."""
        self._supervisor.step(self._wait())
        self._preparing.settle()
        self._judges.settle()
        self._engine.receive(self._said)
        self._said.clear()
        if self._engine.book.lines and clock.monotonic() >= self._looks_at:
            self._looks_at = clock.monotonic() + _LOOK
            self._engine.asked()
        self._engine.step()
        self._mine |= self._engine.book.live.keys()
        if self._cancelled_by and not self._engine.under_way and self.runs:
            self._engine.cancel_all(self._cancelled_by)  # what was to follow however that ended

    def _sends(self, run: int, attempt: int) -> None:
        with transaction(self._history):
            record.attempt_moved(self._history, run, attempt, supervisor_id=self._supervisor_id)

    def _handle(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self._supervisor.handle(message)

    def _hear(self, message: dict[str, Any]) -> None:
        self._said.append(message)

    def cancel(self, by: str, *, at_once: bool = False) -> None:
        """End all runs before they end by themselves: SIGTERM, or at once SIGKILL."""
        self._cancelled_by = by
        self._engine.cancel_all(by, number=signal.SIGKILL if at_once else signal.SIGTERM)

    def close(self) -> None:
        """Give everything back, once what a cancelled run left behind is gone; tell of it."""
        try:
            while self._supervisor.is_ending:
                self._supervisor.step(_TURN)
            self._tell()
        finally:
            self._programs.close()
            self._supervisor.shut()
            self._history.close()

    def _tell(self) -> None:
        """Try once to deliver what is told of these runs; the next scheduler tries again."""
        if self._config is None or not self._mine or scheduler_pid(self._path) is not None:
            return
        heard = Heard(_nobody_hears, _nobody_hears)
        alerting = Alerting(
            self._history, self._path, self._programs, wakes=_EachStep(), heard=heard
        )
        alerting.use(self._config)
        alerting.flush(sorted(self._mine))

    def _wait(self) -> float:
        if self._said:
            return 0
        retry = self._engine.next_alarm()
        if retry is None:
            return _TURN
        return min(max((retry - clock.now()) / SECOND, 0), _TURN)


class _EachStep:
    """Nobody need be woken: each step looks."""

    def soon(self, callback: Callable[[], None]) -> None:
        """Wait for the next step."""

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Wait for the next step."""


def _nobody_hears(*_: object) -> None:
    """Say nothing: it is all in the outbox."""


def _nobody_listens(reports: Sequence[Report]) -> None:
    """Say nothing: whoever runs it follows its output and reads history."""
