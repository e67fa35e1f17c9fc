"""doctor on the limits of the system."""

from __future__ import annotations

import json
import subprocess

import pytest

from flowcron.app.doctor.about_limits import judge_limits
from flowcron.app.doctor.finding import Level
from flowcron.system.limits import ProcessLimits
from installed import Installed

ROOMY = ProcessLimits(1_000_000, 100_000, None)


@pytest.mark.parametrize(
    ("found", "most", "level"),
    [
        (ROOMY, None, Level.OK),
        (ROOMY, 1_000, Level.OK),
        (ROOMY._replace(files=256), 100, Level.PROBLEM),
        (ROOMY._replace(files=256), 20, Level.OK),
        (ROOMY._replace(files=256), None, Level.WARNING),
        (ROOMY._replace(tasks=100), None, Level.WARNING),
        (ROOMY._replace(processes=30), 50, Level.PROBLEM),
        (ProcessLimits(None, None, None), 1_000, Level.OK),
        (None, None, Level.OK),
    ],
)
def test_limits_must_leave_room_for_what_may_run_at_once(
    found: ProcessLimits | None, most: int | None, level: Level
) -> None:
    assert judge_limits(found, most=most).level is level


def test_the_limit_that_is_too_low_is_named() -> None:
    finding = judge_limits(ROOMY._replace(tasks=100), most=400)

    assert "the limit of tasks leaves room for 40 runs" in finding.text
    assert finding.fix == "TasksMax=infinity in the unit"


def test_without_a_scheduler_the_limits_of_whoever_asks_count(flowcron: Installed) -> None:
    flowcron.configure('[scheduler]\nmax_running = 100\n[jobs.a]\ncommand = "true"\n')

    said = subprocess.run(
        ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh", *flowcron.argv("doctor", "--json")],
        cwd=flowcron.folder,
        capture_output=True,
        check=False,
    )

    (finding,) = [f for f in json.loads(said.stdout)["findings"] if f["check"] == "limits"]
    assert finding["level"] == "problem"
    assert "the limit of open files leaves room for 27 runs" in finding["text"]
