"""The system has no room for a process: no fault of the job, and no start is lost or doubled."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fakes import EVERY_MINUTE, after, exited, make_job, started
from flowcron.domain.instant import SECOND
from flowcron.domain.job import Missed, RetryPolicy
from flowcron.domain.overlap import Limits
from flowcron.engine.engine import Engine
from flowcron.engine.report import Kind
from flowcron.engine.room import PATIENCE
from flowcron.history import requests
from flowcron.history.database import transaction

if TYPE_CHECKING:
    from world import World

EAGAIN = {"what": "resources", "error": "EAGAIN", "text": "cannot fork"}
WAITS = "room for a process: cannot fork (EAGAIN)"


def with_a_run(world: World, **job: Any) -> Engine:
    engine = world.engine(make_job(when=EVERY_MINUTE, **job))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    return engine


def no_room(world: World, engine: Engine, *, attempt: int = 1) -> None:
    engine.receive(
        [{"ev": "spawn_failed", "run": 1, "attempt": attempt, "at": world.clock.now} | EAGAIN]
    )
    engine.step()


def spawned(world: World) -> list[int]:
    return [message["attempt"] for message in world.launcher.of_kind("spawn")]


def test_the_attempt_is_taken_back_and_made_again_without_costing_a_retry(world: World) -> None:
    engine = with_a_run(world, retry=RetryPolicy(times=1, delay=timedelta(seconds=5)))

    no_room(world, engine)
    assert world.rows("SELECT state, waits, attempts FROM runs") == [("retrying", WAITS, 0)]
    assert world.launcher.acked == [[1, 1]]
    world.clock.go_on(1)
    engine.step()
    engine.receive([started(1, at=world.clock.now), exited(1, at=world.clock.now, code=2)])
    engine.step()

    assert spawned(world) == [1, 1]
    assert world.rows("SELECT state, waits, attempts FROM runs") == [("retrying", None, 1)]
    assert engine.next_alarm() == world.clock.now + 5 * SECOND


def test_it_waits_twice_as_long_in_all_each_time_and_warns_once(world: World) -> None:
    engine = with_a_run(world, missed=Missed.ALL)
    waits = []

    for _ in range(8):
        no_room(world, engine)
        due = engine.next_alarm()
        assert due is not None
        waits.append((due - world.clock.now) // SECOND)
        world.clock.now = due
        engine.step()

    assert waits == [1, 1, 2, 4, 8, 16, 30, 30]
    assert [text for (text,) in world.rows("SELECT text FROM events")] == [
        f"the system has no {WAITS}"
    ]
    assert [report.kind for report in world.reports].count(Kind.WARNING) == 1


def test_a_run_that_is_too_late_by_then_has_failed_to_start(world: World) -> None:
    engine = with_a_run(world, missed=Missed.SKIP)

    no_room(world, engine)
    world.clock.go_on(61)
    engine.step()
    no_room(world, engine)

    ((state, reason),) = world.rows("SELECT state, reason FROM runs WHERE id = 1")
    assert (state, reason) == ("failed", "could not start: cannot fork (EAGAIN)")


def test_a_run_that_is_to_be_made_up_waits_for_an_hour_at_most(world: World) -> None:
    engine = with_a_run(world, missed=Missed.ONCE)

    no_room(world, engine)
    world.clock.go_on(PATIENCE / SECOND)
    engine.step()
    no_room(world, engine)
    assert world.states[0] == "retrying"
    world.clock.go_on(31)
    engine.step()
    no_room(world, engine)

    assert world.states[0] == "failed"


def test_its_slot_is_free_for_others_meanwhile(world: World) -> None:
    jobs = [make_job(name, when=EVERY_MINUTE, pool="one") for name in ("a", "b")]
    engine = world.engine(*jobs, limits=Limits(pools={"one": 1}))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    assert world.launcher.launched == ["a"]

    no_room(world, engine)

    assert world.launcher.launched == ["a", "b"]


def test_a_run_that_is_cancelled_meanwhile_never_starts(world: World) -> None:
    engine = with_a_run(world)
    no_room(world, engine)

    with transaction(world.history):
        requests.ask(
            world.history,
            "cancel",
            {"runs": [1]},
            scheduler=None,
            requested_by="me",
            at=world.clock.now,
        )
    engine.asked()
    engine.step()
    world.clock.go_on(5)
    engine.step()

    assert spawned(world) == [1]
    assert world.rows("SELECT state, waits FROM runs") == [("cancelled", None)]


def test_the_next_scheduler_makes_it_again_also_when_its_end_was_not_acknowledged(
    world: World,
) -> None:
    engine = with_a_run(world)
    no_room(world, engine)
    failed = {"ev": "spawn_failed", "run": 1, "attempt": 1, "at": after(60)} | EAGAIN

    engine = world.engine(make_job(when=EVERY_MINUTE), known={(1, 1): failed})
    assert world.launcher.acked == [[1, 1]]
    world.clock.go_on(1)
    engine.step()

    assert spawned(world) == [1]
    assert world.rows("SELECT state, waits FROM runs") == [("queued", None)]
