"""Which process was whose: pids that are used again, zombies nobody reaps, another boot."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

OWN_PIDS = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
needs_own_pids = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*OWN_PIDS, "true"], capture_output=True, check=False).returncode != 0,
    reason="there can be no pid namespace of our own",
)

PREAMBLE = """
import os, signal, subprocess, sys
from pathlib import Path
from fakes import poll
from installed import Installed

flowcron = Installed(Path(sys.argv[1]))
flowcron.configure('[jobs.long]\\ncommand = "exec sleep 60"\\n')
first = flowcron.start_and_wait()
flowcron.run("run", "long", "-d")
poll(lambda: flowcron.rows("SELECT 1 FROM attempts WHERE state = 'running'"))
((pid,),) = flowcron.rows("SELECT pid FROM attempts")
flowcron.kill(first)
supervisor = flowcron.supervisor_pid()
os.kill(supervisor, signal.SIGKILL)
os.waitpid(supervisor, 0)
"""

PID_IS_USED_AGAIN = """
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
other = subprocess.Popen(["sleep", "30"])
assert other.pid == pid
second = flowcron.start_and_wait()
flowcron.run("cancel", "--all", "--yes")
poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE finished_at IS NOT NULL"))
assert other.poll() is None
print(*flowcron.rows("SELECT state FROM runs")[0])
flowcron.stop(second)
"""

NOBODY_REAPS = """
os.kill(pid, signal.SIGKILL)
poll(lambda: b") Z " in Path(f"/proc/{pid}/stat").read_bytes())
second = flowcron.start_and_wait()
poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE finished_at IS NOT NULL"))
assert b") Z " in Path(f"/proc/{pid}/stat").read_bytes()
print(*flowcron.rows("SELECT state FROM runs")[0])
flowcron.stop(second)
"""


def as_first_process(script: str, folder: Path) -> str:
    """Return what a script prints that is process 1 of its own namespace, and reaps nobody."""
    done = subprocess.run(
        [*OWN_PIDS, sys.executable, "-c", PREAMBLE + script, str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.root
@needs_own_pids
def test_a_process_that_has_the_pid_of_a_job_is_neither_adopted_nor_signalled(
    tmp_path: Path,
) -> None:
    assert as_first_process(PID_IS_USED_AGAIN, tmp_path) == "lost"


@pytest.mark.root
@needs_own_pids
def test_a_job_that_nobody_reaps_has_ended(tmp_path: Path) -> None:
    assert as_first_process(NOBODY_REAPS, tmp_path) == "lost"


def test_what_ran_when_the_machine_went_down_is_lost_with_the_reason_and_not_started_again(
    flowcron: Installed,
) -> None:
    flowcron.configure('[jobs.long]\ncommand = "echo ran >> witness; exec sleep 60"\n')
    first = flowcron.start_and_wait()
    flowcron.run("run", "long", "-d")
    poll(lambda: flowcron.rows("SELECT 1 FROM attempts WHERE state = 'running'"))
    ((pid,),) = flowcron.rows("SELECT pid FROM attempts")

    flowcron.kill(first)
    for dead in (flowcron.supervisor_pid(), pid):
        os.kill(dead, signal.SIGKILL)
    with closing(sqlite3.connect(flowcron.folder / ".flowcron" / "history.db")) as history:
        history.execute("UPDATE supervisors SET boot = 'the one before'")
        history.commit()
    flowcron.start_and_wait()

    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE finished_at IS NOT NULL"))
    assert flowcron.rows("SELECT state, reason, attempts FROM runs") == [
        ("lost", "lost: the machine went down in mid-run", 1)
    ]
    assert (flowcron.folder / "witness").read_text() == "ran\n"
