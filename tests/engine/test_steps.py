"""A clock that is set while the scheduler runs, or while it does not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fakes import EVERY_MINUTE, NOON, after, exited, make_job
from flowcron.domain.instant import SECOND
from flowcron.domain.job import Cron, Missed, RetryPolicy

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World

HOUR = 3600 * SECOND
AT_ONE = (Cron("0 13 * * *", "UTC"),)


def set_clock(world: World, engine: Engine, step: int) -> None:
    world.clock.go_on(step / SECOND)
    engine.clock_stepped(step)
    finish_all(world, engine)


def go_on(world: World, engine: Engine, seconds: float) -> None:
    world.clock.go_on(seconds)
    engine.look_at_everything()
    finish_all(world, engine)


def finish_all(world: World, engine: Engine) -> None:
    while engine.step() or engine.book.live:
        engine.receive([exited(run, at=world.clock.now) for run in list(engine.book.live)])
        engine.step()


def ran(world: World) -> list[int]:
    return [at for (at,) in world.rows("SELECT scheduled_at FROM runs WHERE state = 'success'")]


def test_a_step_forward_is_downtime(world: World) -> None:
    engine = world.engine(make_job(when=AT_ONE), make_job("ping", when=EVERY_MINUTE))

    set_clock(world, engine, 2 * HOUR)

    rows = world.rows(
        'SELECT name, state, "trigger", count(*) FROM runs JOIN jobs ON jobs.id = job_id '
        "GROUP BY name, state ORDER BY name, state"
    )
    assert rows == [
        ("backup", "success", "catch-up", 1),
        ("ping", "missed", "schedule", 118),
        ("ping", "skipped", "schedule", 1),  # a minute late is on time, and so is now
        ("ping", "success", "schedule", 1),
    ]


def test_a_fixed_time_does_not_run_again_after_a_small_step_back(world: World) -> None:
    engine = world.engine(make_job(when=AT_ONE))
    go_on(world, engine, 3660)
    assert ran(world) == [after(3600)]

    set_clock(world, engine, -HOUR)
    go_on(world, engine, 3600)
    go_on(world, engine, 24 * 3600 - 60)

    assert ran(world) == [after(3600), after(3600 + 24 * 3600)]


def test_a_period_goes_on_at_once_after_a_small_step_back(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE))
    go_on(world, engine, 60)

    set_clock(world, engine, -HOUR)
    go_on(world, engine, 60)

    assert ran(world) == [after(60), after(60 - 3600 + 60)]


@pytest.mark.parametrize("when", [AT_ONE, EVERY_MINUTE])
def test_everything_goes_on_at_once_after_a_large_step_back(world: World, when: tuple) -> None:  # type: ignore[type-arg]
    engine = world.engine(make_job(when=when))
    go_on(world, engine, 3660)
    before = len(ran(world))

    set_clock(world, engine, -10 * 365 * 24 * HOUR)
    go_on(world, engine, 24 * 3600)

    assert len(ran(world)) > before


def test_the_same_time_may_come_again_in_a_new_generation(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE))
    go_on(world, engine, 60)

    set_clock(world, engine, -60 * SECOND)
    go_on(world, engine, 60)

    assert world.rows("SELECT scheduled_at, generation FROM runs") == [
        (after(60), 0),
        (after(60), 1),
    ]


def test_each_step_is_recorded(world: World) -> None:
    engine = world.engine(make_job(when=AT_ONE))

    set_clock(world, engine, HOUR)
    set_clock(world, engine, -2 * HOUR)

    assert world.rows("SELECT kind, text FROM events") == [
        ("clock-step", "the clock was set forward by 1h 00m"),
        ("clock-step", "the clock was set back by 2h 00m"),
    ]


def test_a_wait_for_a_retry_keeps_its_length(world: World) -> None:
    policy = RetryPolicy(times=1, delay=timedelta(seconds=100), jitter=0)
    engine = world.engine(make_job(when=EVERY_MINUTE, retry=policy))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    engine.receive([exited(1, at=world.clock.now, code=1)])
    engine.step()

    world.clock.go_on(-3600)
    engine.clock_stepped(-HOUR)

    assert engine.next_alarm() == world.clock.now + 100 * SECOND
    assert world.rows("SELECT retry_at FROM runs") == [(world.clock.now + 100 * SECOND,)]


def test_a_cursor_in_the_future_at_the_start_is_a_step_back_too(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ALL)
    engine = world.engine(job)
    go_on(world, engine, 60)
    world.clock.now = after(-10 * 365 * 24 * 3600)

    engine = world.engine(job)
    go_on(world, engine, 60)

    assert ran(world)[-1] == after(-10 * 365 * 24 * 3600 + 60, NOON)
    assert world.rows("SELECT generation FROM jobs") == [(1,)]
