"""After a damaged history: nothing of which nobody knows runs a second time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fakes import EVERY_MINUTE, NOON, after, make_job
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import AfterEnd, At, Cron, Missed, OnLost, OnStart, RetryPolicy
from flowcron.domain.planner import UNKNOWN
from flowcron.history import requests
from flowcron.history.origin import adopt, mark_as_copy, unknown_since
from world import World

HOUR = 3600


def restored(world: World, *, hours_later: float = 3) -> None:
    """Let the history be the copy of a moment ago, used some hours later."""
    mark_as_copy(world.history, at=world.clock())
    adopt(world.history)
    world.clock.go_on(hours_later * HOUR)


def test_the_times_since_the_backup_are_one_lost_row_a_job_and_the_next_time_runs(
    world: World,
) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ALL)
    world.engine(job)
    restored(world)

    engine = world.engine(job, supervisor="another")
    engine.step()

    assert world.launcher.launched == []
    assert world.rows("SELECT state, scheduled_at, covers, reason FROM runs") == [
        ("lost", after(3 * HOUR), 180, f"stands for 180 times · {UNKNOWN}")
    ]
    world.clock.go_on(60)
    engine.due(next(iter(engine.book.by_schedule)))
    engine.step()
    assert world.launcher.launched == ["backup"]


def test_it_is_settled_once_and_what_is_missed_later_is_missed(world: World) -> None:
    job = make_job(when=(Cron("0 * * * *", "UTC"),))
    world.engine(job)
    restored(world)
    world.engine(job)
    assert unknown_since(world.history) is None

    world.clock.go_on(2 * HOUR)
    engine = world.engine(job, supervisor="third")
    engine.step()

    assert world.states == ["lost", "missed", "queued"]


def test_runs_that_were_not_over_are_lost_and_never_started_again(world: World) -> None:
    """The supervisor is the same and does not know them: elsewhere that proves no start."""
    queued, retrying = make_job("queued"), make_job("retrying", retry=RetryPolicy(times=3))
    world.engine(queued, retrying)
    world.history.execute(
        'INSERT INTO runs (job_id, definition_id, "trigger", state, recorded_at, retry_at) '
        "SELECT id, definition_id, 'manual', "
        "CASE name WHEN 'queued' THEN 'queued' ELSE 'retrying' END, ?, "
        "CASE name WHEN 'queued' THEN NULL ELSE ? END FROM jobs",
        (NOON, after(60)),
    )
    world.history.execute(
        "INSERT INTO attempts (run_id, number, state, supervisor_id, token) "
        "VALUES (1, 1, 'queued', 1, 'token')"
    )
    restored(world)

    engine = world.engine(queued, retrying)
    engine.step()

    assert world.launcher.launched == []
    assert world.states == ["lost", "lost"]
    assert world.rows("SELECT state, token FROM attempts") == [("lost", None)]


def test_what_somebody_had_asked_for_is_withdrawn(world: World) -> None:
    world.engine(make_job())
    requests.ask(
        world.history, "run", {"job": "backup"}, scheduler=None, requested_by="me", at=NOON
    )
    restored(world)

    engine = world.engine(make_job())
    engine.asked()
    engine.step()

    assert world.rows("SELECT * FROM runs") == []
    assert not requests.are_waiting(world.history)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_time_that_is_written_out_does_not_come_again(world: World, *, is_known: bool) -> None:
    at = make_job("once", when=(At((after(HOUR),)),))
    world.engine(*([at] if is_known else []))
    restored(world)

    engine = world.engine(at)
    engine.step()

    assert world.launcher.launched == []
    assert world.rows("SELECT state, scheduled_at, reason FROM runs") == [
        ("lost", after(HOUR), UNKNOWN)
    ]


def test_what_runs_after_a_boot_does_not_run_again_in_it(world: World) -> None:
    at_boot = make_job("at-boot", when=(OnStart(),))
    world.engine(boot="boot 1")
    restored(world)

    world.engine(at_boot, boot="boot 2")
    assert world.launcher.launched == []

    world.engine(at_boot, boot="boot 3", supervisor="another")
    assert world.launcher.launched == ["at-boot"]


def test_a_job_that_rests_after_its_runs_rests_first(world: World) -> None:
    resting = make_job("resting", when=(AfterEnd(timedelta(minutes=5)),))
    world.engine(resting)
    restored(world)

    engine = world.engine(resting)
    engine.step()
    assert world.launcher.launched == []

    assert engine.next_alarm() == Instant(world.clock() + 300 * SECOND)
    world.clock.go_on(300)
    engine.step()
    assert world.launcher.launched == ["resting"]


def test_a_job_that_wants_to_be_repeated_rather_than_lost_is(world: World) -> None:
    job = make_job(when=(Cron("0 * * * *", "UTC"),), on_lost=OnLost.RERUN)
    world.engine(job)
    restored(world)

    engine = world.engine(job)
    engine.step()

    assert world.launcher.launched == ["backup"]


def test_a_job_that_the_backup_does_not_know_has_missed_nothing(world: World) -> None:
    world.engine()
    restored(world)

    engine = world.engine(make_job(when=EVERY_MINUTE, missed=Missed.ALL))
    engine.step()

    assert world.rows("SELECT * FROM runs") == []
