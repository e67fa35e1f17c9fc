"""A supervisor to ask: in this process, and as a process of its own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowcron.supervisor.client import Greeting, connect
from flowcron.supervisor.core import Supervisor
from flowcron.supervisor.launch import launch
from flowcron.supervisor.poll import make_poller
from flowcron.supervisor.protocol import Message, encode

PATIENCE = 30.0


class Asked:
    """Sends messages to a supervisor and keeps all that it says."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.heard: list[Message] = []
        self._looked = 0

    def send(self, *messages: Message) -> None:
        raise NotImplementedError

    def turn(self) -> None:
        raise NotImplementedError

    def spawn(self, *argv: str, run: int = 1, attempt: int = 1, **fields: Any) -> None:
        message: Message = {
            "op": "spawn",
            "run": run,
            "attempt": attempt,
            "token": f"token-{run}-{attempt}-{os.getpid()}",
            "argv": list(argv),
            "env": {},
            "cwd": None,
            "timeout": None,
            "kill_after": 10.0,
            "log": f"logs/0/{run}.{attempt}",
            "log_limit": 1_000_000,
        }
        self.send(message | fields)

    def shell(self, script: str, **fields: Any) -> None:
        self.spawn("/bin/sh", "-c", script, **fields)

    def ack(self, run: int = 1, attempt: int = 1) -> None:
        self.send({"op": "ack", "attempts": [[run, attempt]]})

    def wait_for(self, event: str, *, run: int | None = None) -> Message:
        """Return the next such message, among those that were not waited for yet."""
        found = self.until(lambda: self._next(event, run))
        assert isinstance(found, dict)
        return found

    def until(self, condition: Callable[[], object]) -> object:
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"heard only {self.heard}"
            self.turn()
        return found

    def outcome(self, script: str, **fields: Any) -> Message:
        self.shell(script, **fields)
        return self.wait_for("exited")

    def _next(self, event: str, run: int | None) -> Message | None:
        for place, message in enumerate(self.heard):
            if message["ev"] == event and run in {None, message.get("run")}:
                return self.heard.pop(place)
        return None


class InProcess(Asked):
    """The supervisor's work without a socket, as foreground runs use it."""

    def __init__(self, state_dir: Path, *, portable: bool, reaper: bool = False) -> None:
        super().__init__(state_dir)
        self.core = Supervisor(
            str(state_dir),
            emit=self.heard.append,
            environment={"PATH": os.environ["PATH"]},
            poller=make_poller(portable=portable),
            reaped=(lambda _pid, _status: None) if reaper else None,
        )

    def send(self, *messages: Message) -> None:
        for message in messages:
            self.core.handle(message)

    def turn(self) -> None:
        self.core.step(0.05)


class OverSocket(Asked):
    """A connection to a supervisor process, greeted."""

    def __init__(self, state_dir: Path, greeting: Greeting) -> None:
        super().__init__(state_dir)
        self.hello = greeting.hello
        self.pid: int = greeting.hello["pid"]
        self.connection = greeting.connection
        self._lines = greeting.lines
        self.connection.settimeout(0.05)

    def send(self, *messages: Message) -> None:
        self.connection.settimeout(PATIENCE)
        self.connection.sendall(b"".join(map(encode, messages)))
        self.connection.settimeout(0.05)

    def turn(self) -> None:
        try:
            self.heard += self._lines.feed(self.connection.recv(1 << 18))
        except TimeoutError:
            return


class Processes:
    """Starts supervisor processes, and ends them and their jobs after the test."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.jobs: list[int] = []
        self._pids: list[int] = []
        self._open: list[OverSocket] = []

    def start(self, **options: Any) -> int:
        pid = launch(str(self.state_dir), patience=PATIENCE, **options)
        assert pid is not None
        self._pids.append(pid)
        return pid

    def connect(self, epoch: int = 1) -> OverSocket:
        environment = {"PATH": os.environ["PATH"]}
        greeting = connect(str(self.state_dir), epoch=epoch, environment=environment)
        assert greeting is not None
        self._open.append(OverSocket(self.state_dir, greeting))
        return self._open[-1]

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.reap(pid)

    def reap(self, pid: int) -> None:
        self._pids.remove(pid)
        os.waitpid(pid, 0)

    def shut(self) -> None:
        for asked in self._open:
            asked.connection.close()
        for pid in tuple(self._pids):
            self.kill(pid)
        for job in self.jobs:
            try:
                os.killpg(job, signal.SIGKILL)
            except ProcessLookupError:
                continue


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
