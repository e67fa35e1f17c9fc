"""flowcron as it is installed: real processes on a folder of their own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from fakes import poll


class Installed:
    """One folder with a schedules.toml, and the commands that a person would type there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("FLOWCRON_")
        } | {"TZ": "UTC"}

    def configure(self, text: str) -> None:
        (self.folder / "schedules.toml").write_text(text)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*arguments),
            cwd=self.folder,
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a scheduler without waiting for anything."""
        with (self.folder / "scheduler.log").open("ab") as log:
            process = subprocess.Popen(
                self.argv("start", *arguments),
                cwd=self.folder,
                env=self._environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started.append(process)
        return process

    def background(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command and go on; its output is read by `communicate`."""
        process = subprocess.Popen(
            self.argv(*arguments),
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        self._started.append(process)
        return process

    def start_and_wait(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a scheduler and wait until it listens."""
        process = self.start(*arguments, **environment)
        poll(lambda: self._listens(process) or self._died(process))
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()

    def stop(self, process: subprocess.Popen[bytes], *, seconds: float = 60) -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(seconds)

    def rows(self, sql: str, *values: object) -> list[Any]:
        path = self.folder / ".flowcron" / "history.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            try:
                return connection.execute(sql, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode in {0, 5}, done.stderr
        return json.loads(done.stdout)

    def log(self) -> str:
        path = self.folder / "scheduler.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def supervisor_pid(self) -> int:
        ((pid,),) = self.rows("SELECT pid FROM supervisors ORDER BY id DESC LIMIT 1")
        return int(pid)

    def end_everything(self) -> None:
        """End what was started, by its pid; jobs first, so that no supervisor stays for them."""
        for process in self._started:
            if process.poll() is None:
                self.kill(process)
            if process.stdout is not None:
                process.stdout.close()
        for (pid,) in self.rows("SELECT pid FROM attempts WHERE state = 'running'"):
            _end(pid, group=True)
        for (pid,) in self.rows("SELECT pid FROM supervisors"):
            _end(pid, group=False)

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flowcron", *arguments]

    def _listens(self, process: subprocess.Popen[bytes]) -> bool:
        started = self.rows("SELECT 1 FROM schedulers WHERE pid = ?", process.pid)
        return bool(started) and (self.folder / ".flowcron" / "poke.sock").exists()

    def _died(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise AssertionError(f"the scheduler ended with {process.returncode}:\n{self.log()}")
        return False


def _end(pid: int, *, group: bool) -> None:
    """Kill a process if it is still one of ours: its pid may be somebody else's by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        if group and b"FLOWCRON_TOKEN=" in environment:
            os.killpg(pid, signal.SIGKILL)
        elif b"flowcron.supervisor" in command:
            os.kill(pid, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return


@contextmanager
def installed_in(folder: Path) -> Iterator[Installed]:
    flowcron = Installed(folder)
    try:
        yield flowcron
    finally:
        flowcron.end_everything()
