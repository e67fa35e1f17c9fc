"""What a job expects is judged before an attempt is written down as a success."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fakes import EVERY_MINUTE, after, exited, judged, make_job, started
from flowcron.domain.job import Expectation, RetryPolicy
from flowcron.domain.ports import Process
from flowcron.history import record

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World

DUMP = Expectation(file="shop-*.sql", min_size=1_000_000)
EMPTY = "/backup/shop-1.sql is empty (expected at least 1.0 MB)"
ONE_RETRY = RetryPolicy(times=1, delay=timedelta(seconds=10))


def with_a_run(world: World, **job: Any) -> Engine:
    engine = world.engine(make_job(when=EVERY_MINUTE, **{"expect": DUMP} | job))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    return engine


def hear(engine: Engine, *messages: dict[str, Any]) -> None:
    engine.receive(messages)
    engine.step()


def test_an_attempt_goes_on_until_it_is_judged(world: World) -> None:
    engine = with_a_run(world, cwd="/backup")

    hear(engine, started(1, at=after(61)), exited(1, at=after(63), began=after(61), bytes=9))

    (question,) = world.judge.asked
    assert question["expect"]["file"] == "shop-*.sql"
    assert (question["cwd"], question["started_at"], question["bytes"]) == (
        "/backup",
        after(61),
        9,
    )
    assert world.states == ["running"]
    assert [live.run for live in engine.under_way] == [1]
    assert world.launcher.acked == []


def test_what_is_as_expected_is_a_success_that_ended_when_its_process_did(world: World) -> None:
    engine = with_a_run(world)
    output: dict[str, Any] = {
        "output": b64encode(b"hi").decode(),
        "pieces": b64encode(b"x").decode(),
    }
    hear(engine, exited(1, at=after(63), **output))
    world.clock.go_on(9)

    hear(engine, judged(1))

    assert world.rows("SELECT state, finished_at, exit_code, reason FROM runs") == [
        ("success", after(63), 0, None)
    ]
    assert world.rows("SELECT bytes FROM output") == [(b"hi",)]
    assert world.launcher.acked == [[1, 1]]
    assert engine.under_way == []


def test_what_is_not_as_expected_failed_and_is_tried_again(world: World) -> None:
    engine = with_a_run(world, retry=ONE_RETRY)
    hear(engine, exited(1, at=world.clock.now), judged(1, unmet=EMPTY))

    assert world.rows("SELECT state, exit_code, reason FROM runs") == [("retrying", 0, EMPTY)]
    assert world.launcher.acked == [[1, 1]]

    world.clock.go_on(10)
    engine.step()
    hear(engine, exited(1, 2, at=world.clock.now))
    hear(engine, judged(1, 2))
    assert world.rows("SELECT state, attempts FROM runs") == [("success", 2)]


def test_only_an_exit_that_would_be_a_success_is_judged(world: World) -> None:
    for message in ({"code": 3}, {"signal": 9}, {"why": "timeout"}):
        engine = with_a_run(world)
        (run,) = (live.run for live in engine.under_way)

        hear(engine, exited(run, at=world.clock.now, **message))

        assert world.judge.asked == []
        assert engine.under_way == []


def test_another_success_code_is_judged_too_and_kept(world: World) -> None:
    engine = with_a_run(world, success_codes=(0, 4))

    hear(engine, exited(1, at=world.clock.now, code=4))
    hear(engine, judged(1, unmet=EMPTY))

    assert world.rows("SELECT state, exit_code, reason FROM runs") == [("failed", 4, EMPTY)]


def test_an_end_that_is_said_again_is_judged_once(world: World) -> None:
    engine = with_a_run(world)

    hear(engine, exited(1, at=after(63)))
    hear(engine, exited(1, at=after(63)))

    assert len(world.judge.asked) == 1
    assert world.launcher.acked == []


def test_what_was_being_judged_when_the_scheduler_died_is_judged_again(world: World) -> None:
    engine = with_a_run(world)
    hear(engine, exited(1, at=after(63)))

    engine = world.engine(known={(1, 1): exited(1, at=after(63))})
    assert len(world.judge.asked) == 1
    hear(engine, judged(1))

    assert world.rows("SELECT state, attempts FROM runs") == [("success", 1)]
    assert world.launcher.acked == [[1, 1]]


def test_a_verdict_about_what_is_not_being_judged_changes_nothing(world: World) -> None:
    engine = with_a_run(world)

    hear(engine, started(1, at=after(61)), judged(1, unmet=EMPTY), judged(9), judged(1, 2))

    assert world.states == ["running"]
    assert world.launcher.acked == []


def test_a_run_that_is_cancelled_while_it_is_judged_ends_as_judged_and_is_not_retried(
    world: World,
) -> None:
    engine = with_a_run(world, retry=ONE_RETRY)
    hear(engine, exited(1, at=after(63)))

    engine.cancel_all("SIGTERM")
    assert world.states == ["queued"]
    hear(engine, judged(1, unmet=EMPTY))

    assert world.rows("SELECT state, reason FROM runs") == [("failed", EMPTY)]


def test_what_is_being_judged_when_the_supervisor_dies_keeps_its_exit_code(world: World) -> None:
    engine = with_a_run(world)
    hear(engine, exited(1, at=after(63)))

    engine.supervisor_died()
    engine.step()

    assert world.rows("SELECT state, exit_code, reason FROM runs") == [
        ("failed", 0, "could not be checked: the supervisor died")
    ]


def test_what_ended_under_a_dead_supervisor_is_judged_too(world: World) -> None:
    engine = with_a_run(world)
    hear(engine, started(1, at=after(61), pid=100))
    world.processes.statuses[100] = 0

    engine = world.engine(supervisor="second")
    (question,) = world.judge.asked
    hear(engine, judged(1, unmet=EMPTY))

    assert question["started_at"] == after(61)
    assert world.rows("SELECT state, exit_code, reason FROM runs") == [("failed", 0, EMPTY)]


def test_a_run_that_is_adopted_brings_the_references_of_its_secrets(world: World) -> None:
    secrets = (("PGPASSWORD", "file:/pg.pass"),)
    engine = with_a_run(world, secrets=secrets)
    record.attempt_moved(world.history, 1, 1, supervisor_id=1)  # as it is when the spawn is sent
    hear(engine, started(1, at=after(61)))
    world.processes.alive.add(Process(100, 5, 7))

    world.engine(supervisor="second")

    (adopted,) = world.launcher.of_kind("adopt")
    assert adopted["secrets"] == dict(secrets)


def test_an_attempt_that_could_not_be_prepared_says_why(world: World) -> None:
    engine = with_a_run(world)
    failed = {"ev": "spawn_failed", "run": 1, "attempt": 1, "at": after(61), "error": None}

    hear(engine, failed | {"what": "secret", "text": "secret A: env:A is not set"})

    assert world.rows("SELECT state, reason FROM runs") == [
        ("failed", "could not start: secret A: env:A is not set")
    ]


def test_an_attempt_that_was_cancelled_before_it_started_is_cancelled(world: World) -> None:
    engine = with_a_run(world)
    engine.cancel_all("ann")
    failed = {"ev": "spawn_failed", "run": 1, "attempt": 1, "at": after(61), "error": None}

    hear(engine, failed | {"what": "cancel", "text": "cancelled before it started"})

    assert world.rows("SELECT state, reason FROM runs") == [("cancelled", "cancelled by ann")]
