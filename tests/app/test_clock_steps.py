"""The wall clock is set while flowcron runs: nothing twice, each step an event, jobs go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fakes import poll
from faketime_clock import NEEDS_FAKETIME, WallClock
from flowcron.domain.instant import SECOND, micros

if TYPE_CHECKING:
    from installed import Installed

pytestmark = [*NEEDS_FAKETIME, pytest.mark.slow, pytest.mark.timeout(240)]

JUST_BEFORE_NOON = datetime(2027, 3, 1, 11, 59, 55, tzinfo=UTC)
HOUR, TEN_YEARS = timedelta(hours=1), timedelta(days=3652)
A_WHILE = timedelta(seconds=25)  # so that the next minute comes sooner
NOTICED_WITHIN = 40  # seconds: a heartbeat, since libfaketime tells no timerfd; and a slow machine
JOBS = """
[jobs.tick]
every = "1s"
command = "echo $FLOWCRON_JOB $FLOWCRON_SCHEDULED_AT $FLOWCRON_RUN_ID >> witness"

[jobs.fixed]
cron = "0-59 0-23 * * *"
command = "echo $FLOWCRON_JOB $FLOWCRON_SCHEDULED_AT $FLOWCRON_RUN_ID >> witness"
"""


@pytest.fixture
def wall(flowcron: Installed) -> Iterator[WallClock]:
    """Start a scheduler with both jobs just before noon; give its clock a little after."""
    clock = WallClock(flowcron.folder / "clock", at=JUST_BEFORE_NOON)
    flowcron.configure(JOBS)
    scheduler = flowcron.start_and_wait(**clock.environment)
    poll(lambda: successes(flowcron, "fixed") and len(successes(flowcron, "tick")) > 1)
    yield clock
    assert flowcron.stop(scheduler) == 0  # killed it would leave libfaketime's shared memory


def successes(flowcron: Installed, job: str, *, generation: int = 0) -> list[int]:
    """Return the scheduled times of a job that ran, in the order they were recorded."""
    rows = flowcron.rows(
        "SELECT scheduled_at FROM runs JOIN jobs ON jobs.id = job_id "
        "WHERE name = ? AND state = 'success' AND runs.generation = ? ORDER BY runs.id",
        job,
        generation,
    )
    return [at for (at,) in rows]


def steps(flowcron: Installed) -> list[str]:
    rows = flowcron.rows("SELECT text FROM events WHERE kind = 'clock-step' ORDER BY id")
    return [text for (text,) in rows]


def set_and_wait(flowcron: Installed, wall: WallClock, by: timedelta) -> None:
    """Set the clock, wait for the event, and then until three seconds of it have had their run."""
    known = len(steps(flowcron))
    wall.step(by)
    poll(lambda: len(steps(flowcron)) > known, seconds=NOTICED_WITHIN)
    generation = flowcron.rows("SELECT generation FROM jobs WHERE name = 'tick'")[0][0]
    since = wall.now()
    poll(
        lambda: sum(at > since for at in successes(flowcron, "tick", generation=generation)) > 2,
        seconds=20,
    )


def witnessed(flowcron: Installed) -> list[tuple[str, str, str]]:
    """Return (job, scheduled time, run) of each start, as the jobs themselves saw it."""
    lines = (flowcron.folder / "witness").read_text().splitlines()
    return [(job, at, run) for job, at, run in (line.split() for line in lines)]


def assert_nothing_ran_twice(flowcron: Installed) -> None:
    starts = witnessed(flowcron)
    assert max(Counter(run for _, _, run in starts).values()) == 1
    assert max(Counter(at for job, at, _ in starts if job == "fixed").values()) == 1
    keys = flowcron.rows("SELECT job_id, scheduled_at, generation FROM runs")
    assert len(keys) == len(set(keys))
    assert flowcron.rows("SELECT * FROM runs WHERE attempts > 1 OR state = 'lost'") == []


def missed(flowcron: Installed, job: str) -> list[tuple[str, str, int | None]]:
    """Return trigger, state and what it stands for, of each row that was not on time."""
    return flowcron.rows(
        'SELECT "trigger", state, covers FROM runs JOIN jobs ON jobs.id = job_id '
        "WHERE name = ? AND (state = 'missed' OR \"trigger\" = 'catch-up') ORDER BY runs.id",
        job,
    )


def test_an_hour_forward_is_downtime(flowcron: Installed, wall: WallClock) -> None:
    set_and_wait(flowcron, wall, HOUR)

    assert steps(flowcron) == ["the clock was set forward by 1h 00m"]
    ((_, state, ticks),) = missed(flowcron, "tick")
    assert (state, ticks is not None and 3500 < ticks < 3700) == ("missed", True)
    fixed = missed(flowcron, "fixed")
    assert {one for one in fixed if one[1] == "missed"} == {("schedule", "missed", None)}
    assert [one[:2] for one in fixed if one[0] == "catch-up"] == [("catch-up", "success")]
    assert_nothing_ran_twice(flowcron)


def test_after_an_hour_back_fixed_times_wait_and_periods_go_on(
    flowcron: Installed, wall: WallClock
) -> None:
    before = successes(flowcron, "fixed")

    set_and_wait(flowcron, wall, -HOUR)

    assert steps(flowcron) == ["the clock was set back by 1h 00m"]
    assert successes(flowcron, "fixed", generation=1) == []
    assert max(successes(flowcron, "tick", generation=1)) < min(before)
    assert missed(flowcron, "tick") == missed(flowcron, "fixed") == []
    assert_nothing_ran_twice(flowcron)


def test_an_hour_back_and_forward_again_runs_no_fixed_time_twice_and_leaves_none_out(
    flowcron: Installed, wall: WallClock
) -> None:
    set_and_wait(flowcron, wall, -HOUR)
    set_and_wait(flowcron, wall, HOUR + A_WHILE)

    poll(lambda: successes(flowcron, "fixed", generation=1), seconds=70)
    times = successes(flowcron, "fixed") + successes(flowcron, "fixed", generation=1)
    assert times == list(range(times[0], times[-1] + 1, 60 * SECOND))
    assert len(steps(flowcron)) == 2
    assert_nothing_ran_twice(flowcron)


def test_ten_years_forward_are_one_row_a_job(flowcron: Installed, wall: WallClock) -> None:
    set_and_wait(flowcron, wall, TEN_YEARS)

    assert steps(flowcron) == ["the clock was set forward by 3652d 0h"]
    ((_, state, ticks),) = missed(flowcron, "tick")
    assert state == "missed"
    assert abs((ticks or 0) * SECOND - micros(TEN_YEARS)) < 60 * SECOND
    ((trigger, state, _),) = missed(flowcron, "fixed")
    assert (trigger, state) == ("catch-up", "success")
    assert_nothing_ran_twice(flowcron)


def test_a_machine_that_boots_in_1970_goes_on_when_it_has_learnt_the_time(
    flowcron: Installed,
) -> None:
    wall = WallClock(flowcron.folder / "clock", at=datetime(1970, 1, 1, 0, 0, 55, tzinfo=UTC))
    flowcron.configure(JOBS)
    scheduler = flowcron.start_and_wait(**wall.environment)
    poll(lambda: len(successes(flowcron, "tick")) > 1)

    set_and_wait(flowcron, wall, JUST_BEFORE_NOON - datetime(1970, 1, 1, tzinfo=UTC))

    ((_, state, _),) = missed(flowcron, "tick")
    assert state == "missed"
    assert_nothing_ran_twice(flowcron)
    assert flowcron.stop(scheduler) == 0


def test_ten_years_back_every_job_goes_on_at_once(flowcron: Installed, wall: WallClock) -> None:
    set_and_wait(flowcron, wall, -TEN_YEARS - A_WHILE)

    poll(lambda: successes(flowcron, "fixed", generation=1), seconds=70)

    assert steps(flowcron) == ["the clock was set back by 3652d 0h"]
    assert missed(flowcron, "tick") == missed(flowcron, "fixed") == []
    assert_nothing_ran_twice(flowcron)
