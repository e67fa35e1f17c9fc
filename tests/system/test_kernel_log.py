"""Whom the kernel killed for want of memory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flowcron.system.kernel_log import KernelLog


def record(text: str, *, ago: float) -> str:
    return f"3,453,{round((time.monotonic() - ago) * 1e6)},-;{text}\n"


@pytest.mark.parametrize("text", ["Memory cgroup out of memory", "Out of memory"])
def test_a_process_that_was_killed_for_memory_is_known_by_its_pid_and_when_that_was(
    tmp_path: Path, text: str
) -> None:
    said = record(f"{text}: Killed process 27752 (python3) total-vm:993116kB", ago=5)
    (tmp_path / "kmsg").write_text(said)
    log = KernelLog(str(tmp_path / "kmsg"))

    assert log.was_killed_for_memory(27752, within=10)
    assert not log.was_killed_for_memory(27752, within=1)
    assert not log.was_killed_for_memory(2775, within=10)


def test_where_there_is_no_such_log_nothing_is_said(tmp_path: Path) -> None:
    assert not KernelLog(str(tmp_path / "kmsg")).was_killed_for_memory(1, within=10)
