"""A run in this very process: `flowcron run` without a scheduler. Same claim, same history."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcron.domain.instant import SECOND
from flowcron.domain.job import Job
from flowcron.engine.engine import Engine
from flowcron.engine.recovery import Supervision
from flowcron.engine.report import Report
from flowcron.history import schedulers
from flowcron.history.database import open_history, transaction
from flowcron.supervisor.core import Supervisor
from flowcron.system import clock
from flowcron.system.processes import MachineProcesses, boot_id

_TURN = 0.1  # seconds between two looks at the output


@dataclass(frozen=True, slots=True)
class Wish:
    """What to run, and how."""

    job: Job
    requested_by: str
    force: bool = False
    retries: bool = True


class Foreground:
    """One run and its supervisor, both in this process; `run` is its id once it has begun."""

    def __init__(self, history: Path, environment: dict[str, str]) -> None:
        self._history = open_history(history)
        self._said: list[dict[str, Any]] = []
        self._supervisor = Supervisor(
            str(history.parent), emit=self._hear, environment=environment, reaper=True
        )
        self._processes = MachineProcesses()
        self._engine = Engine(
            self._history,
            launcher=self,
            processes=self._processes,
            clock=clock.now,
            report=_nobody_listens,
        )

    def begin(self, wish: Wish) -> int:
        """Claim and start the run and return its id; raises RefusedError when it may not start."""
        boot = boot_id()
        owner = self._processes.owner()
        identity = {"pid": owner.pid, "started": owner.started, "inode": owner.inode, "boot": boot}
        with transaction(self._history):
            supervisor = schedulers.supervisor_seen(
                self._history, os.urandom(8).hex(), boot=boot, pid=owner.pid, at=clock.now()
            )
        self._engine.supervise(supervisor)
        self._engine.reap(Supervision(supervisor, boot, {}), adopt=False)
        return self._engine.run_in_foreground(
            wish.job,
            requested_by=wish.requested_by,
            force=wish.force,
            retries=wish.retries,
            owner=json.dumps(identity),
        )

    def send(self, *messages: dict[str, Any]) -> None:
        """Hand messages to the supervisor in this process."""
        for message in messages:
            self._supervisor.handle(message)

    def step(self) -> None:
        """Take one turn: let the processes go on for a moment, and write down what they did."""
        self._supervisor.step(self._wait())
        said, self._said = self._said, []
        self._engine.receive(said)
        self._engine.step()

    def _hear(self, message: dict[str, Any]) -> None:
        self._said.append(message)

    def cancel(self, by: str, *, at_once: bool = False) -> None:
        """End the run before it ends by itself: SIGTERM, or at once SIGKILL."""
        self._engine.cancel_all(by, number=signal.SIGKILL if at_once else signal.SIGTERM)

    def close(self) -> None:
        """Give everything back, once what a cancelled run left behind is gone."""
        while self._supervisor.is_ending:
            self._supervisor.step(_TURN)
        self._supervisor.shut()
        self._history.close()

    def _wait(self) -> float:
        if self._said:
            return 0
        retry = self._engine.next_alarm()
        if retry is None:
            return _TURN
        return min(max((retry - clock.now()) / SECOND, 0), _TURN)


def _nobody_listens(reports: Sequence[Report]) -> None:
    """Say nothing: whoever runs it follows its output and reads history."""
