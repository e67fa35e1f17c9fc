"""Killed at each point of flowcron/faults.py, again and again, while jobs of every kind run."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from fakes import poll
from flowcron.app.asking import whoami
from flowcron.faults import POINTS
from scene import SAY, check_all_went_well, check_nothing_is_doubled, is_over, set_scene, starts

if TYPE_CHECKING:
    from installed import Installed

OF_SUPERVISOR = {"spawn-received", "spawn-started", "exited-unsent"}
OF_RECOVERY = ("recovery-read", "recovery-committed")
OF_REQUESTS = ("request-applied", "request-committed")
OF_ALERTS = ("alert-leased", "alert-sent")  # tests/app/test_alerting.py, test_alerts_end_to_end.py
OTHERS = {*OF_SUPERVISOR, *OF_RECOVERY, *OF_REQUESTS, *OF_ALERTS}
OF_SCHEDULER = [point for point in POINTS if point not in OTHERS]
LIVES = 3
LONG = f'[jobs.long]\ncommand = "{SAY}; exec sleep 60"\n'


@pytest.mark.parametrize("point", OF_SCHEDULER)
def test_a_scheduler_that_dies_at_any_point_leaves_nothing_out_and_does_nothing_twice(
    flowcron: Installed, point: str
) -> None:
    set_scene(flowcron)

    deaths = 0
    for life in range(1, LIVES + 1):
        deaths += _dies(flowcron, f"{point}#{life}")
    flowcron.start_and_wait()
    poll(lambda: is_over(flowcron))

    assert deaths
    check_all_went_well(flowcron)


@pytest.mark.parametrize("point", OF_RECOVERY)
def test_a_crash_during_recovery_five_times_in_a_row_changes_nothing(
    flowcron: Installed, point: str
) -> None:
    set_scene(flowcron, first="while [ ! -e gate ]; do sleep 0.05; done")
    first = flowcron.start_and_wait()
    poll(lambda: len(starts(flowcron)) > 3)
    flowcron.kill(first)

    for _ in range(5):
        doomed = flowcron.start(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT=point)
        assert doomed.wait(30) == -signal.SIGKILL
    flowcron.start_and_wait()
    (flowcron.folder / "gate").touch()
    poll(lambda: is_over(flowcron))

    check_all_went_well(flowcron)


@pytest.mark.parametrize("life", [1, 3])
@pytest.mark.parametrize("point", sorted(OF_SUPERVISOR))
def test_a_supervisor_that_dies_at_any_point_never_starts_anything_twice(
    flowcron: Installed, point: str, life: int
) -> None:
    set_scene(flowcron)

    flowcron.start_and_wait(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT=f"{point}#{life}")
    poll(lambda: is_over(flowcron))

    check_nothing_is_doubled(flowcron)


@pytest.mark.parametrize("point", OF_REQUESTS)
def test_a_run_is_cancelled_also_when_the_scheduler_dies_before_it_can_say_so(
    flowcron: Installed, point: str
) -> None:
    flowcron.configure(LONG)
    first = flowcron.start_and_wait()
    assert flowcron.run("run", "long", "-d").returncode == 0
    poll(lambda: starts(flowcron))
    flowcron.kill(first)
    assert flowcron.run("cancel", "long").returncode == 5

    doomed = flowcron.start(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT=point)
    assert doomed.wait(30) == -signal.SIGKILL
    flowcron.start_and_wait()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE finished_at IS NOT NULL"))

    ((state, reason),) = flowcron.rows("SELECT state, reason FROM runs")
    assert (state, reason) == ("cancelled", f"cancelled by {whoami()}")


@pytest.mark.parametrize("point", OF_REQUESTS)
def test_a_run_that_is_asked_for_again_begins_once_or_is_refused_when_the_scheduler_dies(
    flowcron: Installed, point: str
) -> None:
    flowcron.configure(f'[jobs.a]\ncommand = "{SAY}; exit 7"\n')
    first = flowcron.start_and_wait()
    assert flowcron.run("run", "a").returncode == 7
    assert flowcron.stop(first) == 0
    doomed = flowcron.start_and_wait(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT=point)

    asked = flowcron.background("retry", "1")
    assert doomed.wait(30) == -signal.SIGKILL
    flowcron.start_and_wait()
    poll(lambda: not flowcron.rows("SELECT 1 FROM runs WHERE finished_at IS NULL"))

    runs = flowcron.rows("SELECT retry_of, exit_code FROM runs ORDER BY id")
    assert runs == [(None, 7), (1, 7)][: 1 if point == "request-applied" else 2]
    assert asked.wait(30) == (5 if len(runs) == 1 else 7)
    assert list(starts(flowcron).values()) == [1] * len(runs)


def test_a_start_that_takes_long_is_waited_for_by_the_next_scheduler(flowcron: Installed) -> None:
    set_scene(flowcron)
    first = flowcron.start(FLOWCRON_TEST="1", FLOWCRON_DELAY_AT="spawn-received:0.7")
    poll(lambda: flowcron.rows("SELECT 1 FROM attempts"))
    flowcron.kill(first)

    flowcron.start_and_wait()
    poll(lambda: is_over(flowcron))

    check_all_went_well(flowcron)


def test_of_schedulers_that_start_at_once_one_schedules_and_the_others_are_refused(
    flowcron: Installed,
) -> None:
    set_scene(flowcron)

    schedulers = [flowcron.start() for _ in range(4)]
    poll(lambda: is_over(flowcron))
    poll(lambda: sum(each.poll() is None for each in schedulers) == 1)

    assert sorted(each.returncode for each in schedulers if each.poll() is not None) == [6] * 3
    check_all_went_well(flowcron)


def _dies(flowcron: Installed, where: str) -> bool:
    """Return whether a scheduler dies there; where it gets no more so far it is killed."""
    doomed = flowcron.start(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT=where)
    poll(lambda: doomed.poll() is not None or is_over(flowcron))
    died = doomed.poll() == -signal.SIGKILL
    flowcron.kill(doomed)
    return died
