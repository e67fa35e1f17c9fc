"""The lock that one scheduler holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flowcron.system.lock import Lock, holder

TAKE = """
import sys
from pathlib import Path
from flowcron.system.lock import Lock
lock = Lock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def other_process(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TAKE, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_nobody_holds_a_lock_that_was_never_made(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") is None


def test_anybody_can_ask_for_the_holders_pid_without_taking_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with other_process(path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"

        assert holder(path) == other.pid
        assert holder(path) == other.pid
        other.communicate("")

    assert holder(path) is None


def test_a_lock_that_is_held_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    mine = Lock(path)

    assert mine.take()
    with other_process(path) as other:
        assert other.communicate("")[0] == "False\n"

    mine.close()


def test_a_lock_ends_with_its_process_also_when_that_is_killed_and_leaves_a_child(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lock"
    with other_process(path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        other.kill()
        other.wait()

    mine = Lock(path)
    assert mine.take()
    assert path.stat().st_mode & 0o777 == 0o600
    mine.close()
    assert holder(path) is None
    assert path.exists()
