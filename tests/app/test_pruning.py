"""The real scheduler prunes its history by itself; what attempts wrote is where it belongs."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fakes import make_job, poll
from flowcron.domain.instant import Instant, micros
from flowcron.domain.keep import NEWEST
from flowcron.domain.run import log_name
from flowcron.history.database import identity
from rows import Story

if TYPE_CHECKING:
    from installed import Installed

KEEP = '[history]\nkeep = "90d"\n[jobs.backup]\ncommand = "true"\n'


def ago(days: int) -> Instant:
    return Instant(time.time_ns() // 1000 - micros(timedelta(days=days)))


@pytest.mark.slow
def test_old_runs_go_by_themselves_with_logs_that_a_crash_left_and_leave_no_room(
    flowcron: Installed,
) -> None:
    flowcron.configure(KEEP)
    story = Story(flowcron.folder / ".flowcron" / "history.db")
    story.configured(make_job("backup"))
    for day in range(120, 80, -1):
        story.output(story.run("backup", ago(day)), b"x" * 400_000, b"")
    left_by_a_crash = story.path.parent / f"{log_name(900, 1, history=identity(story.db))}.0.log"
    left_by_a_crash.parent.mkdir(parents=True)
    left_by_a_crash.write_text("said")
    story.db.close()
    size = story.path.stat().st_size

    scheduler = flowcron.start_and_wait()
    poll(lambda: flowcron.rows("SELECT count(*) FROM runs") == [(NEWEST,)])
    poll(lambda: not left_by_a_crash.exists())
    poll(lambda: flowcron.rows("PRAGMA page_count")[0][0] * 4096 < size / 2)

    assert flowcron.stop(scheduler) == 0
    assert "warning" not in flowcron.log()


def test_small_outputs_are_in_the_history_large_ones_in_files_and_empty_ones_nowhere(
    flowcron: Installed,
) -> None:
    flowcron.configure(
        '[jobs.quiet]\ncommand = "true"\n'
        '[jobs.brief]\ncommand = "echo said"\n'
        '[jobs.long]\ncommand = "seq 5000"\n'
    )

    for job in ("quiet", "brief", "long"):
        assert flowcron.run("run", job).returncode == 0

    logs = (flowcron.folder / ".flowcron" / "logs").rglob("*.*.*.*")
    assert flowcron.rows("SELECT run_id, bytes FROM output") == [(2, b"said\n")]
    assert sorted(file.name for file in logs) == ["3.1.0.idx", "3.1.0.log"]


def test_a_history_is_pruned_by_hand_beside_a_running_scheduler(flowcron: Installed) -> None:
    flowcron.configure(KEEP + '[jobs.tick]\nevery = "1s"\ncommand = ["true"]\n')
    story = Story(flowcron.folder / ".flowcron" / "history.db")
    story.configured(make_job("backup"))
    for day in range(400, 0, -1):
        story.run("backup", ago(day))
    story.db.close()
    scheduler = flowcron.start_and_wait()

    done = flowcron.run("prune", "--keep", "30d", "--yes")
    poll(
        lambda: flowcron.rows(
            "SELECT 1 FROM runs JOIN jobs ON jobs.id = job_id WHERE name = 'tick'"
        )
    )

    assert (done.returncode, done.stderr) == (0, "")
    ((left,),) = flowcron.rows(
        "SELECT count(*) FROM runs JOIN jobs ON jobs.id = job_id WHERE name = 'backup'"
    )
    assert left == 29
    assert flowcron.stop(scheduler) == 0
    assert "beginning again" not in flowcron.log()
