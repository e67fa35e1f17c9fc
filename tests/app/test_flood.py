"""A flood of output harms nobody but its own job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

FLOOD = int(os.environ.get("FLOWCRON_FLOOD", "500000000"))  # bytes
LIMIT = 1_000_000


def memory_of(pid: int) -> int:
    """Return the most that a process has had resident so far, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no such line")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flood", "kept"),
    [("yes", "y\n"), ("cat /dev/zero", "\0")],  # many lines, and one of a gigabyte of NULs
    ids=["lines", "one line"],
)
def test_a_flood_of_output_leaves_a_bounded_log_and_flat_memory_and_others_start(
    flowcron: Installed, flood: str, kept: str
) -> None:
    """FLOWCRON_FLOOD says how many bytes, 3000000000 for what is promised."""
    flowcron.configure(
        '[jobs.tick]\nevery = "1s"\ncommand = ["true"]\n'
        f'[jobs.flood]\nlog_limit = "1MB"\ncommand = "echo first; {flood} | head -c {FLOOD}; '
        'echo last"\n'
    )
    scheduler = flowcron.start_and_wait()
    supervisor = flowcron.supervisor_pid()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'success'"))
    before = memory_of(scheduler.pid), memory_of(supervisor)

    assert flowcron.run("run", "flood", "-d").returncode == 0
    poll(
        lambda: flowcron.rows(
            "SELECT 1 FROM runs WHERE \"trigger\" = 'manual' AND state = 'success'"
        ),
        seconds=90,
    )

    ((run, written, elided),) = flowcron.rows(
        "SELECT run_id, output_bytes, elided_bytes FROM attempts WHERE output_bytes > 1000"
    )
    logs = list((flowcron.folder / ".flowcron" / "logs").rglob("*.log"))
    assert written == FLOOD + len("first\nlast\n")
    assert sum(log.stat().st_size for log in logs) == written - elided <= LIMIT
    after = memory_of(scheduler.pid), memory_of(supervisor)
    assert all(now - then < 8_000_000 for then, now in zip(before, after, strict=True))
    shown = flowcron.run("logs", str(run), "--raw").stdout
    assert shown.startswith(f"first\n{kept}")
    assert shown.endswith(f"{kept}last\n")
    ticks = flowcron.rows(
        "SELECT state FROM runs JOIN jobs ON jobs.id = job_id WHERE name = 'tick' "
        "AND state NOT IN ('queued', 'running')"
    )
    assert set(ticks) == {("success",)}
