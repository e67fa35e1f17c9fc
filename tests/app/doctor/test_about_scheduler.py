"""doctor on the scheduler: real ones, and what systemd says of units."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from flowcron.app.asking import LOCK
from flowcron.app.doctor.about_scheduler import judge_no_unit, judge_unit, scheduler
from flowcron.app.doctor.finding import Level
from flowcron.app.heartbeat import STALE, last_beat
from flowcron.config.sources import digest_at
from flowcron.domain.instant import SECOND, Instant
from flowcron.system import clock
from flowcron.system.own_units import OwnUnit
from holding import holding
from installed import Installed
from looks import WELL, Looks, levels
from rows import SUNDAY

UNIT = OwnUnit("flowcron.service", user=False)


def test_a_scheduler_that_runs_answers_and_its_heart_beats(
    flowcron: Installed, looks: Looks
) -> None:
    flowcron.configure(WELL)
    flowcron.start_and_wait()

    (finding,) = looks.findings(scheduler, now=clock.now())

    assert finding.level is Level.OK
    assert "answers in" in finding.text
    assert flowcron.rows("SELECT kind FROM requests WHERE error IS NULL") == [("ping",)]


@pytest.mark.slow
def test_a_scheduler_that_is_stopped_does_not_answer(flowcron: Installed, looks: Looks) -> None:
    flowcron.configure(WELL)
    process = flowcron.start_and_wait()
    process.send_signal(signal.SIGSTOP)

    (finding,) = looks.findings(scheduler, now=clock.now())

    assert finding.level is Level.PROBLEM
    assert f"(pid {process.pid}) does not answer within 5 s" in finding.text
    assert f"kill -CONT {process.pid}" in (finding.fix or "")


@pytest.mark.slow
def test_a_process_that_has_the_lock_and_no_heartbeat_is_a_problem(looks: Looks) -> None:
    looks.configure(WELL)
    looks.story()
    with holding(looks.history.parent / LOCK) as pid:
        old = SUNDAY / SECOND - 300
        os.utime(looks.history.parent / LOCK, (old, old))

        (finding,) = looks.findings(scheduler)

    assert finding.level is Level.PROBLEM
    assert finding.text.startswith(f"the scheduler (pid {pid}) does not answer")
    assert finding.text.endswith("its heartbeat was 5m 00s ago")


def test_the_time_of_the_lock_is_when_the_heart_last_beat(tmp_path: Path) -> None:
    assert last_beat(tmp_path) is None
    (tmp_path / LOCK).touch()
    os.utime(tmp_path / LOCK, (100, 100))

    assert last_beat(tmp_path) == Instant(100 * SECOND)
    assert STALE > 10 * SECOND


def test_without_a_scheduler_the_jobs_that_have_times_are_a_problem(looks: Looks) -> None:
    looks.configure(WELL)

    (finding,) = looks.findings(scheduler)

    assert (finding.level, finding.fix) == (Level.PROBLEM, "flowcron start")


def test_jobs_that_are_started_by_hand_need_no_scheduler(looks: Looks) -> None:
    looks.configure('[jobs.by-hand]\ncommand = "true"\n')

    assert levels(looks.findings(scheduler)) == [Level.OK]


@pytest.mark.slow
def test_a_scheduler_of_another_version_is_a_warning(looks: Looks) -> None:
    looks.configure(WELL)
    story = looks.story()
    with holding(looks.history.parent / LOCK) as pid:
        story.scheduler(looks.config, digest_at(looks.config), pid=pid)
        story.db.execute("UPDATE schedulers SET version = '0.0.9'")

        findings = looks.findings(scheduler)

    assert findings[0].level is Level.WARNING
    assert "still flowcron 0.0.9" in findings[0].text


def test_a_unit_that_is_installed_and_does_not_run_is_a_problem() -> None:
    finding = judge_unit(UNIT, active="failed", result="exit-code")

    assert finding.level is Level.PROBLEM
    assert finding.text.endswith("it is failed (exit-code)")
    assert "--user" in (judge_unit(UNIT._replace(user=True), active="", result="").fix or "")


def test_a_scheduler_that_nothing_starts_after_the_next_boot_is_a_warning() -> None:
    assert judge_no_unit(is_running=True, is_wanted=True).level is Level.WARNING
    assert judge_no_unit(is_running=False, is_wanted=True).level is Level.WARNING
    assert judge_no_unit(is_running=False, is_wanted=False).level is Level.OK
