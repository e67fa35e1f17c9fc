"""The heartbeat of a real scheduler."""

from __future__ import annotations

import os

import pytest

from fakes import poll
from flowcron.app.beat import HEARTBEAT, last_beat
from flowcron.domain.instant import SECOND
from flowcron.system import clock
from installed import Installed

JOB = '[jobs.by-hand]\ncommand = "true"\n'


def test_a_scheduler_that_has_just_begun_has_a_heartbeat(flowcron: Installed) -> None:
    flowcron.configure(JOB)
    (flowcron.folder / ".flowcron").mkdir(mode=0o700)
    lock = flowcron.folder / ".flowcron" / "scheduler.lock"
    lock.touch(0o600)
    os.utime(lock, (0, 0))

    flowcron.start_and_wait()

    poll(lambda: (last_beat(lock.parent) or 0) > clock.now() - 60 * SECOND)


@pytest.mark.slow
def test_the_heart_beats_on_without_a_commit(flowcron: Installed) -> None:
    flowcron.configure(JOB)
    flowcron.start_and_wait()
    state = flowcron.folder / ".flowcron"
    first = poll(lambda: last_beat(state))
    wal = (state / "history.db-wal").stat()

    second = poll(lambda: (last_beat(state) or 0) > first and last_beat(state))

    assert second - first == pytest.approx(HEARTBEAT * SECOND, abs=5 * SECOND)
    assert (state / "history.db-wal").stat().st_mtime_ns == wal.st_mtime_ns
