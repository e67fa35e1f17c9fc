"""What the supervisor says becomes history."""

from __future__ import annotations

import signal
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fakes import EVERY_MINUTE, after, exited, make_job, started
from flowcron.domain.instant import SECOND
from flowcron.domain.job import RetryPolicy

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World

THREE_TRIES = RetryPolicy(times=2, delay=timedelta(seconds=10))


def with_a_run(world: World, **job: Any) -> Engine:
    engine = world.engine(make_job(when=EVERY_MINUTE, **job))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    return engine


def test_a_start_and_an_end_in_one_turn_are_written_as_one_end(world: World) -> None:
    engine = with_a_run(world)

    engine.receive([started(1, at=after(61)), exited(1, at=after(63), began=after(61))])
    engine.step()

    assert world.rows("SELECT state, attempts, started_at, finished_at, exit_code FROM runs") == [
        ("success", 1, after(61), after(63), 0)
    ]
    assert world.launcher.acked == [[1, 1]]


def test_an_end_is_acknowledged_again_when_it_is_heard_again(world: World) -> None:
    engine = with_a_run(world)
    for _ in range(2):
        engine.receive([exited(1, at=after(63))])
        engine.step()

    assert world.launcher.acked == [[1, 1], [1, 1]]
    assert world.states == ["success"]


def test_a_failed_attempt_is_followed_by_another_when_its_wait_is_over(world: World) -> None:
    engine = with_a_run(world, retry=THREE_TRIES)

    engine.receive([exited(1, at=world.clock.now, code=2)])
    engine.step()

    assert world.states == ["retrying"]
    assert engine.next_alarm() == world.clock.now + 10 * SECOND
    world.clock.go_on(9)
    engine.step()
    assert len(world.launcher.launched) == 1
    world.clock.go_on(1)
    engine.step()
    assert [message["attempt"] for message in world.launcher.of_kind("spawn")] == [1, 2]


def test_a_run_is_as_its_last_attempt_and_lasts_from_first_start_to_last_end(world: World) -> None:
    engine = with_a_run(world, retry=THREE_TRIES)
    began = after(61)
    for attempt, code in ((1, 2), (2, 2), (3, 0)):
        start = after(1, world.clock.now)
        engine.receive([started(1, attempt, at=start)])
        world.clock.go_on(5)
        engine.receive([exited(1, attempt, at=world.clock.now, code=code, began=start)])
        engine.step()
        world.clock.go_on(60)
        engine.step()

    assert world.rows(
        "SELECT state, attempts, started_at, exit_code, reason FROM runs WHERE id = 1"
    ) == [("success", 3, began, 0, None)]


def test_a_run_that_waits_for_a_retry_keeps_others_of_its_job_from_starting(world: World) -> None:
    engine = with_a_run(world, retry=RetryPolicy(times=1, delay=timedelta(minutes=5)))
    engine.receive([exited(1, at=world.clock.now, code=2)])
    engine.step()
    world.clock.go_on(60)

    engine.look_at_everything()
    engine.step()

    assert world.states == ["retrying", "skipped"]


@pytest.mark.parametrize(
    ("message", "state", "reason"),
    [
        ({"code": 3}, "failed", "exit 3"),
        ({"signal": signal.SIGKILL}, "failed", "killed by SIGKILL"),
        (
            {"signal": signal.SIGTERM, "why": "timeout"},
            "timed_out",
            "timed out after 1h · SIGTERM",
        ),
        ({"code": 0, "why": "timeout"}, "timed_out", "timed out after 1h"),
        ({"signal": signal.SIGTERM, "why": "cancel"}, "cancelled", "cancelled by flowcron"),
    ],
)
def test_the_reason_says_how_it_ended(
    world: World, message: dict[str, Any], state: str, reason: str
) -> None:
    engine = with_a_run(world, timeout=timedelta(hours=1))

    engine.receive([exited(1, at=world.clock.now, **message)])
    engine.step()

    assert world.rows("SELECT state, reason FROM runs") == [(state, reason)]


def test_a_process_that_the_system_killed_for_memory_says_so(world: World) -> None:
    engine = with_a_run(world)
    world.processes.out_of_memory = {100}

    engine.receive([started(1, at=after(60)), exited(1, at=world.clock.now, signal=9)])
    engine.step()

    assert world.rows("SELECT state, signal, reason FROM runs") == [
        ("failed", 9, "killed by SIGKILL: the system was out of memory")
    ]


def test_a_command_that_could_not_start_has_no_start(world: World) -> None:
    engine = with_a_run(world)
    failure = {"what": "exec", "error": "ENOENT", "text": "no such file: nope"}

    engine.receive([{"ev": "spawn_failed", "run": 1, "attempt": 1, "at": after(61)} | failure])
    engine.step()

    assert world.rows("SELECT state, started_at, reason FROM runs") == [
        ("failed", None, "could not start: no such file: nope (ENOENT)")
    ]


def test_a_status_that_the_supervisor_does_not_know_is_asked_of_the_system(world: World) -> None:
    engine = with_a_run(world)
    engine.receive([started(1, at=after(61), pid=100)])
    engine.step()
    world.processes.statuses[100] = 7 << 8

    engine.receive([exited(1, at=after(62), status=None)])
    engine.step()

    assert world.rows("SELECT state, exit_code FROM runs") == [("failed", 7)]


def test_a_status_that_nobody_knows_is_lost_and_never_a_guess(world: World) -> None:
    engine = with_a_run(world, retry=THREE_TRIES)
    engine.receive([started(1, at=after(61))])

    engine.receive([exited(1, at=after(62), status=None)])
    engine.step()

    assert world.states == ["lost"]


def test_a_small_output_is_kept_in_the_history_file(world: World) -> None:
    engine = with_a_run(world)
    output: dict[str, Any] = {
        "output": b64encode(b"hello\n").decode(),
        "pieces": b64encode(b"x").decode(),
    }

    engine.receive([exited(1, at=after(62), bytes=6, last="hello", **output)])
    engine.step()

    assert world.rows("SELECT run_id, number, bytes, pieces FROM output") == [
        (1, 1, b"hello\n", b"x")
    ]
    assert world.rows("SELECT last_line, output_bytes FROM attempts") == [("hello", 6)]


def test_what_waits_is_closed_and_what_runs_is_signalled_when_all_is_cancelled(
    world: World,
) -> None:
    engine = world.engine(
        make_job("runs", when=EVERY_MINUTE),
        make_job("waits", when=EVERY_MINUTE, retry=THREE_TRIES),
    )
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    engine.receive([started(1, at=after(61)), exited(2, at=after(61), code=1)])
    engine.step()

    engine.cancel_all("SIGTERM")

    assert world.states == ["running", "cancelled"]
    assert [(m["run"], m["why"]) for m in world.launcher.of_kind("signal")] == [(1, "cancel")]
    engine.receive([exited(1, at=after(62), signal=15, why="cancel")])
    engine.step()
    assert world.rows("SELECT state, reason FROM runs WHERE id = 1") == [
        ("cancelled", "cancelled by SIGTERM")
    ]
