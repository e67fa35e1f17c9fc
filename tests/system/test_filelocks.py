"""Who holds a history that cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import poll
from flowcron.history.database import open_history
from flowcron.system.filelocks import history_holder, locks_on

pytestmark = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="Linux lists locks")

HOLD = """
import sqlite3, sys, time
history = sqlite3.connect(sys.argv[1], isolation_level=None)
history.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    open_history(path).close()
    return path


@pytest.fixture
def holder(history: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(history)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_process_that_writes_is_named_with_its_command(
    history: Path, holder: subprocess.Popen[bytes]
) -> None:
    found = history_holder(history)

    assert found is not None
    assert found.pid == holder.pid
    assert found.command.startswith(sys.executable)
    assert not found.is_stopped


def test_one_that_is_stopped_is_called_so(history: Path, holder: subprocess.Popen[bytes]) -> None:
    holder.send_signal(signal.SIGSTOP)

    found = poll(lambda: (one := history_holder(history)) and one.is_stopped and one)

    assert str(found).startswith(f"pid {holder.pid}, which is stopped (")


def test_nobody_holds_a_history_that_is_only_open(history: Path) -> None:
    reader = open_history(history)
    try:
        assert history_holder(history) is None
    finally:
        reader.close()


def test_our_own_lock_is_not_what_we_wait_for(history: Path) -> None:
    own = open_history(history)
    try:
        own.execute("BEGIN IMMEDIATE")
        assert history_holder(history) is None
    finally:
        own.close()


def test_only_locks_for_writing_on_these_bytes_of_this_file_count() -> None:
    listed = [
        "1: POSIX  ADVISORY  WRITE 11 fe:00:500 120 120",
        "2: POSIX  ADVISORY  READ  12 fe:00:500 120 120",
        "3: POSIX  ADVISORY  WRITE 13 fe:00:501 120 120",
        "4: POSIX  ADVISORY  WRITE 14 fe:00:500 123 123",
        "4: -> POSIX  ADVISORY  WRITE 15 fe:00:500 120 120",
        "5: FLOCK  ADVISORY  WRITE 16 fe:00:500 0 EOF",
        "6: POSIX  ADVISORY  WRITE 17 fe:00:500 0 EOF",
    ]

    assert locks_on(500, range(120, 123), listed) == [11, 17]
    assert os.getpid() not in locks_on(500, range(120, 123), listed)
