"""Runs that start late or go on for long, and those whose end nobody knows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fakes import EVERY_MINUTE, after, exited, make_job, started
from flowcron.domain.job import OnLost

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World


def due(world: World, **job: Any) -> Engine:
    engine = world.engine(make_job(when=EVERY_MINUTE, **job))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    return engine


def test_a_run_that_goes_on_for_too_long_is_marked_once(world: World) -> None:
    engine = due(world, slow_after=timedelta(minutes=5))
    engine.receive([started(1, at=after(60))])
    engine.step()
    assert engine.next_alarm() == after(360)

    world.clock.go_on(300)
    engine.step()
    world.clock.go_on(300)
    engine.step()

    assert world.rows("SELECT slow_at FROM runs WHERE id = 1") == [(after(360),)]
    slow = [report for report in world.reports if report.kind == "slow"]
    assert [(report.run, report.text) for report in slow] == [(1, "still running after 5m 00s")]


def test_a_run_that_ends_in_time_is_not_slow(world: World) -> None:
    engine = due(world, slow_after=timedelta(minutes=5))
    engine.receive([started(1, at=after(60)), exited(1, at=after(61), began=after(60))])
    engine.step()
    world.clock.go_on(600)
    engine.step()

    assert world.rows("SELECT slow_at FROM runs WHERE id = 1") == [(None,)]


def test_a_run_becomes_slow_although_another_scheduler_started_it(world: World) -> None:
    due(world, slow_after=timedelta(minutes=5))
    job = make_job(when=EVERY_MINUTE, slow_after=timedelta(minutes=5))
    engine = world.engine(job, known={(1, 1): started(1, at=after(60))})

    world.clock.go_on(299)
    engine.step()
    assert world.rows("SELECT slow_at FROM runs WHERE id = 1") == [(None,)]
    world.clock.go_on(1)
    engine.step()

    assert world.rows("SELECT slow_at FROM runs WHERE id = 1") == [(after(360),)]


def test_a_run_that_starts_later_than_allowed_is_marked(world: World) -> None:
    engine = due(world, late_after=timedelta(seconds=2))

    engine.receive([started(1, at=after(63))])
    engine.step()

    assert world.rows("SELECT late FROM runs") == [(3_000_000,)]
    assert "started 3.0s late" in [report.text for report in world.reports]


def test_a_run_that_starts_in_time_is_not_late(world: World) -> None:
    engine = due(world, late_after=timedelta(seconds=2))

    engine.receive([started(1, at=after(61))])
    engine.step()

    assert world.rows("SELECT late FROM runs") == [(None,)]


def test_a_lost_run_is_run_again_where_the_job_says_so(world: World) -> None:
    due(world, on_lost=OnLost.RERUN)
    job = make_job(when=EVERY_MINUTE, on_lost=OnLost.RERUN)

    engine = world.engine(job, supervisor="second")
    engine.step()

    assert world.rows("SELECT number, state FROM attempts ORDER BY number") == [
        (1, "lost"),
        (2, "queued"),
    ]
    engine.receive([exited(1, 2, at=world.clock.now)])
    engine.step()
    assert world.states == ["success"]
