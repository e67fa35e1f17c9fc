"""What makes a run besides a schedule that is due: rests, boots, written-out times, jitter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fakes import EVERY_MINUTE, NOON, after, exited, make_job
from flowcron.domain.jitter import delay_of
from flowcron.domain.job import AfterEnd, At, Cron, Missed, OnStart
from flowcron.history.database import identity

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World

RESTS = (AfterEnd(timedelta(minutes=5)),)


def go_on(world: World, engine: Engine, seconds: float) -> None:
    world.clock.go_on(seconds)
    engine.look_at_everything()
    while engine.step():
        pass


def test_a_job_that_rests_is_due_again_so_long_after_its_end(world: World) -> None:
    engine = world.engine(make_job(when=RESTS))
    go_on(world, engine, 299)
    assert world.states == []

    go_on(world, engine, 1)
    go_on(world, engine, 600)
    assert world.states == ["queued"]
    engine.receive([exited(1, at=world.clock.now)])
    engine.step()

    assert engine.next_alarm() == after(300, world.clock.now)
    go_on(world, engine, 300)
    assert world.rows("SELECT scheduled_at FROM runs") == [(after(300),), (after(1200),)]


def test_a_rest_survives_a_restart_and_a_run_by_hand_begins_it_anew(world: World) -> None:
    job = make_job(when=RESTS)
    engine = world.engine(job)
    go_on(world, engine, 300)
    engine.receive([exited(1, at=world.clock.now)])
    engine.step()
    world.clock.go_on(100)

    engine = world.engine(job)

    assert engine.next_alarm() == after(600)


def test_a_rest_that_ended_while_nobody_looked_is_made_up_once(world: World) -> None:
    job = make_job(when=RESTS)
    world.engine(job)
    world.clock.go_on(3600)

    engine = world.engine(job)
    engine.step()

    assert world.rows('SELECT scheduled_at, state, "trigger" FROM runs') == [
        (after(300), "queued", "catch-up")
    ]


def test_a_rest_that_is_not_to_be_made_up_begins_anew(world: World) -> None:
    job = make_job(when=RESTS, missed=Missed.SKIP)
    world.engine(job)
    world.clock.go_on(3600)

    engine = world.engine(job)
    engine.step()

    assert world.states == ["missed"]
    assert engine.next_alarm() == after(3900)


def test_a_job_runs_once_after_each_boot(world: World) -> None:
    job = make_job(when=(OnStart(),))

    for boot in ("boot 1", "boot 1", "boot 2", "boot 2"):
        engine = world.engine(job, boot=boot, supervisor=boot)
        for run in list(engine.book.live):
            engine.receive([exited(run, at=world.clock.now)])
        engine.step()
        world.clock.go_on(60)

    assert world.rows('SELECT state, "trigger" FROM runs') == [("success", "start")] * 2


def test_each_written_time_comes_once_and_those_before_the_first_sight_are_made_up(
    world: World,
) -> None:
    job = make_job(when=(At((after(-7200), after(-3600), after(60))),))
    engine = world.engine(job)
    engine.step()
    engine.receive([exited(run, at=world.clock.now) for run in engine.book.live])
    engine.step()
    go_on(world, engine, 60)
    engine.receive([exited(run, at=world.clock.now) for run in engine.book.live])
    engine.step()

    engine = world.engine(make_job(when=(At((after(-7200), after(-3600), after(60), after(90))),)))
    engine.step()
    go_on(world, engine, 60)

    assert world.rows('SELECT scheduled_at, state, "trigger" FROM runs ORDER BY scheduled_at') == [
        (after(-7200), "missed", "schedule"),
        (after(-3600), "success", "catch-up"),
        (after(60), "success", "schedule"),
        (after(90), "queued", "schedule"),
    ]


def test_a_jitter_delays_the_start_and_not_the_time(world: World) -> None:
    jitter = timedelta(minutes=30)
    job = make_job(when=(Cron("0 13 * * *", "UTC"),), jitter=jitter)
    delay = delay_of("backup", jitter, seed=identity(world.history))
    engine = world.engine(job)

    go_on(world, engine, 3600 + delay // 1_000_000 - 1)
    assert world.states == []
    go_on(world, engine, 2)

    assert world.rows('SELECT scheduled_at, "trigger" FROM runs') == [(after(3600), "schedule")]
    (alarm,) = engine.book.alarms().values()
    assert alarm.next(NOON) == after(3600) + delay


def test_a_jitter_is_the_same_each_time_and_below_its_bound() -> None:
    jitter = timedelta(minutes=10)
    delays = {delay_of(f"job{n}", jitter, seed="seed") for n in range(200)}

    assert len(delays) > 190
    assert all(0 <= delay < 600_000_000 for delay in delays)
    assert delay_of("job1", jitter, seed="seed") in delays
    assert delay_of("job1", None, seed="seed") == 0


def test_jobs_with_one_schedule_share_one_alarm(world: World) -> None:
    engine = world.engine(*(make_job(f"job{n}", when=EVERY_MINUTE) for n in range(10)))

    assert len(engine.book.alarms()) == 1
