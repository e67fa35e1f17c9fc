"""A process under measurement in a folder of its own: started, settled, followed, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import procfs

_PATIENCE = 10.0  # seconds to end in an orderly way
_IDLE_CPU = 0.002  # seconds: less than this in half a second is idling


class Contender:
    """One scheduler, or a yardstick that does the same work."""

    def __init__(self, title: str, folder: Path, argv: Sequence[str]) -> None:
        self.title = title
        self.folder = folder
        self._argv = argv
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that was started last."""
        if self._process is None:
            raise RuntimeError(f"{self.title} was not started")
        return self._process.pid

    def own(self) -> frozenset[int]:
        """Return its own processes, without the jobs that it started."""
        return frozenset({self.pid})

    def everything(self) -> frozenset[int]:
        """Return its own processes and all that descends from them."""
        return procfs.family(self.own())

    def log(self) -> bytes:
        """Return what it has written so far."""
        return (self.folder / "log").read_bytes()

    def start(self) -> None:
        """Start it without waiting for anything."""
        kept = {name: x for name, x in os.environ.items() if not name.startswith("FLOWCRON_")}
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._argv,
                cwd=self.folder,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def settle(self, *, within: float = 60.0) -> None:
        """Wait until it has loaded everything: until it uses next to no CPU."""
        deadline = time.monotonic() + within
        before = -1.0
        while time.monotonic() < deadline:
            self._insist_on_living()
            now = procfs.cpu(self.own()).own
            if now - before < _IDLE_CPU:
                return
            before = now
            time.sleep(0.5)
        raise SystemExit(f"error: {self.title} is still busy {within:g} s after its start")

    def kill(self) -> None:
        """End the process that was started last, at once; what it started goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        """End it and all that it started: orderly first, by force after a while."""
        if self._process is None:
            return
        left = self.everything()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        end_all(left | procfs.family(left))

    def _insist_on_living(self) -> None:
        if self._process is None or self._process.poll() is not None:
            raise SystemExit(f"error: {self.title} ended at once:\n{self.log().decode()[-2000:]}")


class Flowcron(Contender):
    """The scheduler, and its supervisor, which outlives it."""

    def __init__(self, folder: Path, command: Path) -> None:
        argv = [str(command), "--config", "schedules.toml", "start"]
        super().__init__("flowcron", folder, argv)
        self._supervisor: int | None = None

    @property
    def supervisor(self) -> int:
        """Its process, once the first scheduler has settled."""
        if self._supervisor is None:
            raise RuntimeError("flowcron has not settled yet")
        return self._supervisor

    def own(self) -> frozenset[int]:
        if self._supervisor is None:
            return super().own()
        return super().own() | {self._supervisor}

    def settle(self, *, within: float = 60.0) -> None:
        """Wait until it has loaded everything, and find its supervisor while it is a child."""
        super().settle(within=within)
        for pid in self.everything():
            if b"\0flowcron.supervisor\0" in procfs.command_line(pid):
                self._supervisor = pid
                return
        raise SystemExit("error: flowcron runs without a supervisor")


@contextmanager
def under_measurement(*contenders: Contender) -> Iterator[None]:
    """Start and settle all of them, and end them whatever happens."""
    try:
        for contender in contenders:
            contender.start()
            contender.settle()
        yield
    finally:
        for contender in contenders:
            contender.end()


def end_all(pids: frozenset[int]) -> None:
    """Kill what is still there of these processes."""
    for pid in procfs.family(pids):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
