"""The scheduler killed again and again, at random; the jobs are their own witnesses."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

KILLS = int(os.environ.get("FLOWCRON_TORTURE_KILLS", "40"))
JOBS = 20
SECOND = 1_000_000


@pytest.mark.torture
@pytest.mark.slow
@pytest.mark.timeout(300 + 5 * KILLS)
def test_each_scheduled_time_has_one_row_and_one_start_however_often_the_scheduler_is_killed(
    flowcron: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    witness = flowcron.folder / "witness"
    witness.mkdir()
    flowcron.configure(
        "".join(
            f'[jobs.j{n}]\nevery = "1s"\nmissed = "all"\n'
            f"command = \"echo $FLOWCRON_RUN_ID >> '{witness}/j{n}'; exit {n}\"\n"
            for n in range(JOBS)
        )
    )

    _kill_at_random(flowcron)
    last = flowcron.start_and_wait()
    seen = int(time.time() * SECOND)
    poll(lambda: _is_caught_up(flowcron, seen), seconds=120)
    assert flowcron.stop(last) == 0

    instants = _check(flowcron, witness, until=seen)
    with capsys.disabled():
        sys.stdout.write(f"\n{KILLS} kills, {instants} instants, 0 violations ")


def _kill_at_random(flowcron: Installed) -> None:
    chance = random.Random()
    for _ in range(KILLS):
        process = flowcron.start()
        time.sleep(chance.uniform(0.1, 1.5))  # the fault itself, not a wait for something
        process.send_signal(signal.SIGKILL)
        process.wait()


def _is_caught_up(flowcron: Installed, until: int) -> bool:
    ((open_runs,),) = flowcron.rows(
        "SELECT count(*) FROM runs WHERE scheduled_at <= ? AND "
        "state IN ('queued', 'running', 'retrying')",
        until,
    )
    ((behind,),) = flowcron.rows("SELECT count(*) FROM jobs WHERE decided_through < ?", until)
    return not open_runs and not behind


def _check(flowcron: Installed, witness: Path, *, until: int) -> int:
    """Return how many scheduled times were looked at, all without a violation.

    What came due after `until` may still have waited when the scheduler was stopped.
    """
    instants = 0
    for n in range(JOBS):
        rows = flowcron.rows(
            "SELECT runs.id, scheduled_at, state, exit_code FROM runs "
            "JOIN jobs ON jobs.id = job_id WHERE name = ? ORDER BY scheduled_at",
            f"j{n}",
        )
        times = [scheduled_at for _, scheduled_at, _, _ in rows]
        assert times == list(range(times[0], times[-1] + SECOND, SECOND))
        instants += len(times)
        starts = Counter(int(line) for line in (witness / f"j{n}").read_text().splitlines())
        assert set(starts.values()) == {1}
        ran = {run for run, _, state, _ in rows if state in {"success", "failed"}}
        assert ran == set(starts)
        assert {code for _, _, state, code in rows if state in {"success", "failed"}} == {n}
        over = {state for _, at, state, _ in rows if at <= until}
        assert over <= {"success", "failed", "skipped"}
        assert {state for _, _, state, _ in rows} <= {"success", "failed", "skipped", "queued"}
    return instants
