"""doctor on the supervisor."""

from __future__ import annotations

import os
import signal
from contextlib import closing

import pytest

from fakes import poll
from flowcron.app.doctor.about_supervisor import failures_in, judge_supervisor, supervisor
from flowcron.app.doctor.finding import Level
from flowcron.system.processes import Condition, condition_of
from installed import Installed
from looks import WELL, Looks, levels
from rows import at


def test_the_supervisor_of_a_running_scheduler_lives(flowcron: Installed, looks: Looks) -> None:
    flowcron.configure(WELL)
    flowcron.start_and_wait()

    (finding,) = looks.findings(supervisor)

    assert finding.level is Level.OK
    assert finding.text == f"supervisor lives (pid {flowcron.supervisor_pid()})"


def test_a_supervisor_that_is_stopped_is_a_problem(flowcron: Installed, looks: Looks) -> None:
    flowcron.configure(WELL)
    flowcron.start_and_wait()
    pid = flowcron.supervisor_pid()
    os.kill(pid, signal.SIGSTOP)
    poll(lambda: condition_of(pid) is Condition.STOPPED)

    with closing(looks.case()) as case:
        findings = list(supervisor(case))

    assert levels(findings) == [Level.PROBLEM]
    assert findings[0].fix == f"kill -CONT {pid}"


@pytest.mark.parametrize("condition", [None, Condition.GONE])
def test_a_scheduler_without_a_supervisor_is_a_problem(condition: Condition | None) -> None:
    assert levels(judge_supervisor(None, condition, is_needed=True)) == [Level.PROBLEM]
    assert levels(judge_supervisor(None, condition, is_needed=False)) == []


def test_where_nothing_runs_no_supervisor_is_needed(looks: Looks) -> None:
    looks.story()

    assert levels(looks.findings(supervisor)) == [Level.OK]


def test_what_failed_in_the_log_in_the_last_days_is_a_warning(looks: Looks) -> None:
    looks.story()
    log = looks.history.parent / "supervisor.log"
    log.write_text(
        "2026-11-01T10:00:00Z supervisor[7]: something failed\n"
        "2026-11-22T10:00:00Z supervisor[7]: ready\n"
        "2026-11-22T11:00:00Z supervisor[7]: could not handle a message\n"
        "Traceback (most recent call last):\n"
    )

    (finding,) = looks.findings(supervisor)

    assert (finding.level, finding.where) == (Level.WARNING, str(log))
    assert finding.text == (
        "something failed in the supervisor once in 7 days, last 2026-11-22 11:00 UTC: "
        "could not handle a message"
    )


def test_only_lines_that_tell_of_a_failure_count() -> None:
    lines = ["2026-11-22T10:00:00Z supervisor[7]: left: nothing runs", "something failed", ""]
    refused = "2026-11-22T10:00:00Z supervisor[7]: refused a connection of another user"

    assert failures_in([*lines, refused]) == [
        (at("2026-11-22T10:00:00"), "refused a connection of another user")
    ]
