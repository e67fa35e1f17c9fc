"""Which process is which."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from fakes import poll
from flowcron.domain.ports import Process
from flowcron.system.processes import MachineProcesses, boot_id

linux_only = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="identities need pidfds")


@pytest.fixture
def child() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(["sleep", "60"], env={"FLOWCRON_TOKEN": "abc123"})
    poll(lambda: MachineProcesses().with_token(frozenset({"abc123"})) or process.poll())
    return process


@linux_only
def test_a_process_is_known_again_by_either_of_its_marks(child: subprocess.Popen[bytes]) -> None:
    processes = MachineProcesses()
    found = processes.with_token(frozenset({"abc123", "other"}))["abc123"]

    assert found.pid == child.pid
    assert processes.is_alive(found)
    assert processes.is_alive(replace(found, started=None))
    assert processes.is_alive(replace(found, inode=None))
    child.kill()
    child.wait()
    assert not processes.is_alive(found)


@linux_only
def test_another_process_with_the_same_pid_is_not_taken_for_it(
    child: subprocess.Popen[bytes],
) -> None:
    processes = MachineProcesses()
    found = processes.with_token(frozenset({"abc123"}))["abc123"]
    assert found.started is not None
    assert found.inode is not None

    assert not processes.is_alive(replace(found, started=found.started + 1))
    assert not processes.is_alive(replace(found, inode=found.inode + 1))
    assert not processes.is_alive(Process(child.pid, None, None))
    child.kill()
    child.wait()


@linux_only
def test_a_zombie_is_not_alive(child: subprocess.Popen[bytes]) -> None:
    processes = MachineProcesses()
    found = processes.with_token(frozenset({"abc123"}))["abc123"]

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert not processes.is_alive(found)
    child.wait()


REAP = """
import os
from flowcron.system.processes import MachineProcesses, become_reaper
become_reaper()
# A child that leaves a grandchild behind, which ends with 7 a moment later.
read, write = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.close(read)
        os.write(write, str(os.getpid()).encode())
        os.close(write)
        os._exit(7)
    os._exit(0)
os.close(write)
pid = int(os.read(read, 20))
processes = MachineProcesses()
while (status := processes.status_of(pid)) is None:
    pass
print(os.waitstatus_to_exitcode(status), processes.status_of(pid))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_the_status_of_an_orphan_is_kept_for_who_asks_and_given_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REAP], capture_output=True, text=True, timeout=30, check=False
    )

    assert done.stdout == "7 None\n", done.stderr


def test_a_boot_has_one_id() -> None:
    assert boot_id() == boot_id() != ""
