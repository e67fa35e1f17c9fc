"""The scheduler as the first process of a container: nothing outlives it, and orphans are its."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare"
)

JOBS = """
[jobs.gated]
command = "trap 'exit 9' TERM; while true; do sleep 0.05; done"

[jobs.orphans]
command = "for n in 1 2 3; do (sleep 0.2 &) done"
"""


@contextmanager
def first_process(flowcron: Installed, *options: str) -> Iterator[int]:
    """Run a scheduler as PID 1 of namespaces of its own; give its pid here."""
    log = (flowcron.folder / "scheduler.log").open("ab")
    namespace = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    unshare = subprocess.Popen(
        [*namespace, sys.executable, "-m", "flowcron", "start", *options],
        cwd=flowcron.folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        poll((flowcron.folder / ".flowcron" / "poke.sock").exists)
        yield int(children.read_text())
    finally:
        unshare.kill()  # its child dies with it, and with that all the others
        unshare.wait()
        log.close()


def test_orphans_are_reaped(flowcron: Installed) -> None:
    flowcron.configure(JOBS)
    with first_process(flowcron) as pid:
        enter = ("nsenter", "-t", str(pid), "-p", "-m", f"--wd={flowcron.folder}")
        ran = subprocess.run(
            [*enter, sys.executable, "-m", "flowcron", "run", "orphans"], check=False
        )
        sleeping = [*enter, "sh", "-c", "grep -l '^Name:.sleep' /proc/[0-9]*/status"]

        assert ran.returncode == 0
        poll(lambda: not subprocess.run(sleeping, capture_output=True, check=False).stdout)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told_to_and_records_how_its_jobs_ended(
    flowcron: Installed, number: int
) -> None:
    flowcron.configure(JOBS)
    how = "leave" if number == signal.SIGTERM else "cancel"
    with first_process(flowcron, "--on-stop", how) as pid:
        enter = ("nsenter", "-t", str(pid), "-p", "-m", f"--wd={flowcron.folder}")
        begun = [*enter, sys.executable, "-m", "flowcron", "run", "gated", "-d"]
        assert subprocess.run(begun, capture_output=True, check=False).returncode == 0
        poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))

        os.kill(pid, number)
        poll(lambda: flowcron.rows("SELECT 1 FROM schedulers WHERE stopped_at IS NOT NULL"))

    assert flowcron.rows("SELECT state, exit_code FROM runs") == [("cancelled", 9)]


def test_it_can_be_stopped_before_it_has_begun(flowcron: Installed) -> None:
    flowcron.configure(JOBS)
    namespace = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    unshare = subprocess.Popen(
        [*namespace, sys.executable, "-m", "flowcron", "start"],
        cwd=flowcron.folder,
        env=os.environ | {"FLOWCRON_TEST": "1", "FLOWCRON_DELAY_AT": "recovery-read:1000"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
    pid = int(poll(lambda: children.exists() and children.read_text()))
    poll(lambda: int(_caught(pid), 16) & 1 << (signal.SIGTERM - 1))

    os.kill(pid, signal.SIGTERM)

    assert unshare.wait(30) == 128 + signal.SIGTERM


def _caught(pid: int) -> str:
    """Return the mask of signals that a process has handlers for."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (mask,) = [line.split()[1] for line in lines if line.startswith("SigCgt:")]
    return mask
