"""Whose main process a process is."""

from __future__ import annotations

import os
import subprocess
import sys

from flowcron.system.cgroup import cgroup_of, is_of_users_manager, unit_of


def test_a_process_that_systemd_has_not_started_is_the_main_one_of_nothing() -> None:
    assert unit_of(os.getpid()) is None


def test_a_process_that_inherits_what_systemd_said_of_another_is_not_that_other() -> None:
    script = "import os; print(os.getpid(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"SYSTEMD_EXEC_PID": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        found = unit_of(pid)
        process.communicate(b"\n")

    assert found is None
    assert unit_of(pid) is None  # it is gone
    assert cgroup_of(pid) == ""
    assert not is_of_users_manager(pid)
