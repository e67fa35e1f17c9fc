"""A job is killed because there is no memory left: that is said, and nothing else is harmed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

GROUPS = Path("/sys/fs/cgroup")
MOST = 30_000_000


@pytest.fixture
def group() -> Iterator[Path]:
    """Make a group of processes that may have little memory together."""
    hierarchy = GROUPS / "memory" if (GROUPS / "memory").is_dir() else GROUPS
    made = hierarchy / f"flowcron-test-{os.getpid()}"
    limit = "memory.limit_in_bytes" if hierarchy != GROUPS else "memory.max"
    try:
        made.mkdir()
        (made / limit).write_text(str(MOST))
        Path("/dev/kmsg").open("rb").close()
    except OSError as error:
        pytest.skip(f"no memory cgroup can be made, or the kernel's log not be read: {error}")
    yield made
    poll(lambda: not (made / "cgroup.procs").read_text())
    made.rmdir()


@pytest.mark.root
def test_a_job_that_is_killed_for_memory_says_so_and_others_go_on(
    flowcron: Installed, group: Path
) -> None:
    flowcron.configure(
        '[jobs.tick]\nevery = "1s"\ncommand = "true"\n'
        f"[jobs.hog]\ncommand = \"echo $$ > '{group}/cgroup.procs'; exec tail /dev/zero\"\n"
    )
    scheduler = flowcron.start_and_wait()

    done = flowcron.run("run", "hog")
    since = time.time_ns() // 1000

    assert done.returncode != 0
    assert flowcron.rows("SELECT signal, reason FROM runs WHERE signal IS NOT NULL") == [
        (9, "killed by SIGKILL: the system was out of memory")
    ]
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE started_at > ?", since))
    assert flowcron.stop(scheduler) == 0
