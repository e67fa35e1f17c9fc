"""From due to claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import EVERY_MINUTE, NOON, after, exited, make_job, started
from flowcron.domain.job import Missed

if TYPE_CHECKING:
    from world import World


def test_a_job_that_is_due_gets_a_row_before_it_is_sent_to_the_supervisor(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE))
    world.clock.go_on(60)

    engine.look_at_everything()
    engine.step()

    assert world.rows("SELECT scheduled_at, state FROM runs") == [(after(60), "queued")]
    assert world.rows("SELECT number, state, supervisor_id FROM attempts") == [(1, "queued", 1)]
    assert world.launcher.launched == ["backup"]


def test_a_time_is_claimed_once_however_often_it_is_announced(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE))
    world.clock.go_on(60)
    key = next(iter(engine.book.by_schedule))

    for _ in range(3):
        engine.due(key)
        engine.step()

    assert world.launcher.launched == ["backup"]


def test_a_run_claimed_by_another_scheduler_does_not_start_twice(world: World) -> None:
    job = make_job(when=EVERY_MINUTE)
    first, second = world.engine(job), world.engine(job)
    world.clock.go_on(60)

    for engine in (first, second):
        engine.look_at_everything()
        engine.step()

    assert world.states == ["queued"]
    assert world.launcher.launched == []


def test_a_job_seen_for_the_first_time_has_missed_nothing(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE, missed=Missed.ALL))

    engine.step()

    assert world.states == []


def test_a_run_that_would_overlap_is_skipped_with_the_reason(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE))
    for _ in range(2):
        world.clock.go_on(60)
        engine.look_at_everything()
        engine.step()

    assert world.rows("SELECT state, reason FROM runs ORDER BY id") == [
        ("queued", None),
        ("skipped", "run 1 was still running"),
    ]


def test_missed_times_run_one_after_the_other_oldest_first(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ALL)
    world.engine(job)
    world.clock.go_on(60 * 4 - 1)
    engine = world.engine(job)

    engine.step()
    assert world.launcher.launched == ["backup"]
    for run in (1, 2, 3):
        engine.receive([started(run, at=world.clock.now), exited(run, at=world.clock.now)])
        engine.step()

    assert world.rows('SELECT scheduled_at, state, "trigger" FROM runs ORDER BY id') == [
        (after(60), "success", "catch-up"),
        (after(120), "success", "catch-up"),
        (after(180), "success", "schedule"),
    ]


def test_a_disabled_job_records_its_times_as_skipped(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE, enabled=False))
    world.clock.go_on(60)

    engine.look_at_everything()
    engine.step()

    assert world.rows("SELECT state, reason FROM runs") == [("skipped", "disabled")]
    assert world.launcher.sent == []


def test_a_storm_is_claimed_in_parts_so_that_the_first_start_early(world: World) -> None:
    engine = world.engine(*(make_job(f"job{n}", when=EVERY_MINUTE) for n in range(250)))
    world.clock.go_on(60)
    engine.look_at_everything()

    more = engine.step()

    assert more
    assert 0 < len(world.launcher.launched) < 250
    while engine.step():
        pass
    assert len(set(world.launcher.launched)) == 250


def test_the_process_is_told_which_run_it_is(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE, env=(("WHO", "me"),)))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    engine.receive([exited(1, at=after(65), began=after(61))])
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()

    told = world.launcher.of_kind("spawn")[-1]["env"]
    assert told == {
        "WHO": "me",
        "FLOWCRON_JOB": "backup",
        "FLOWCRON_RUN_ID": "2",
        "FLOWCRON_ATTEMPT": "1",
        "FLOWCRON_PARAMS": "{}",
        "FLOWCRON_SCHEDULED_AT": "2027-03-01T12:02:00+00:00",
        "FLOWCRON_PREVIOUS_SUCCESS_AT": "2027-03-01T12:01:01+00:00",
    }


def test_nothing_is_claimed_while_there_is_no_supervisor(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE))
    engine.supervisor_died()
    world.clock.go_on(60)

    engine.look_at_everything()
    engine.step()

    assert world.states == []
    engine.supervise(1)
    engine.step()
    assert world.rows("SELECT scheduled_at FROM runs") == [(after(60, NOON),)]


def test_a_run_that_stands_for_very_many_missed_times_says_so_when_it_is_over(
    world: World,
) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ONCE)
    world.engine(job)
    world.clock.go_on(60 * 5000 - 61)
    engine = world.engine(job)
    engine.step()

    engine.receive([exited(1, at=world.clock.now)])
    engine.step()

    assert world.rows("SELECT state, reason FROM runs WHERE id = 1") == [
        ("success", "stands for 4,997 missed times")
    ]
