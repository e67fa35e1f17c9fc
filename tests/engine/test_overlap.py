"""A job that is due while a run of it is not over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fakes import EVERY_MINUTE, after, exited, make_job, started
from flowcron.domain.job import Job, Missed, Overlap, RetryPolicy
from flowcron.domain.ports import Process
from flowcron.domain.wish import Wish
from flowcron.errors import RefusedError

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World

PROCESS = Process(100, 5, 7)
OWNER = '{"pid": 100, "started": 5, "inode": 7, "boot": "boot 1"}'


def minutes(world: World, engine: Engine, count: int) -> None:
    """Let minutes pass, and the job be due in each."""
    for _ in range(count):
        world.clock.go_on(60)
        engine.look_at_everything()
        engine.step()


def due(world: World, count: int, **job: Any) -> Engine:
    engine = world.engine(make_job(when=EVERY_MINUTE, **job))
    minutes(world, engine, count)
    return engine


def end(world: World, engine: Engine, run: int, *, code: int = 0) -> None:
    now = world.clock.now
    engine.receive([started(run, at=now), exited(run, at=now, code=code, began=now)])
    engine.step()


def launched_runs(world: World) -> list[int]:
    return [message["run"] for message in world.launcher.of_kind("spawn")]


def test_a_run_that_queues_starts_when_the_one_before_it_is_over(world: World) -> None:
    engine = due(world, 3, overlap=Overlap.QUEUE)

    assert world.rows("SELECT state, waits FROM runs") == [
        ("queued", None),
        ("queued", "run 1 to end"),
        ("queued", "run 1 to end"),
    ]
    end(world, engine, 1)
    end(world, engine, 2)

    assert launched_runs(world) == [1, 2, 3]
    assert world.rows("SELECT waits FROM runs WHERE id = 3") == [(None,)]


def test_runs_that_queue_keep_their_order_across_a_restart(world: World) -> None:
    due(world, 4, overlap=Overlap.QUEUE)

    job = make_job(when=EVERY_MINUTE, overlap=Overlap.QUEUE)
    engine = world.engine(job, known={(1, 1): started(1, at=after(60))})
    for run in (1, 2, 3):
        end(world, engine, run)

    assert launched_runs(world) == [2, 3, 4]


def test_a_run_that_replaces_another_starts_when_that_has_ended(world: World) -> None:
    engine = due(world, 1, overlap=Overlap.REPLACE)
    engine.receive([started(1, at=after(60))])
    minutes(world, engine, 1)

    (signal,) = world.launcher.of_kind("signal")
    assert (signal["run"], signal["why"]) == (1, "cancel")
    assert launched_runs(world) == [1]
    engine.receive([exited(1, at=after(121), signal=15, why="cancel")])
    engine.step()

    assert launched_runs(world) == [1, 2]
    assert world.rows("SELECT state, reason FROM runs WHERE id = 1") == [
        ("cancelled", 'cancelled by run 2, overlap = "replace"')
    ]


def test_a_run_that_waits_is_replaced_by_a_newer_one(world: World) -> None:
    engine = due(world, 3, overlap=Overlap.REPLACE)

    assert world.states == ["queued", "cancelled", "queued"]
    engine.receive([exited(1, at=after(181), signal=15, why="cancel")])
    engine.step()
    assert launched_runs(world) == [1, 3]


def test_runs_that_may_overlap_all_start(world: World) -> None:
    due(world, 3, overlap=Overlap.ALLOW)

    assert launched_runs(world) == [1, 2, 3]


def test_of_runs_that_may_overlap_no_more_than_max_running_are_under_way(world: World) -> None:
    engine = due(world, 4, overlap=Overlap.ALLOW, max_running=2)

    assert launched_runs(world) == [1, 2]
    assert world.rows("SELECT waits FROM runs WHERE id = 4") == [("2 runs to end",)]
    end(world, engine, 2)
    assert launched_runs(world) == [1, 2, 3]


def test_a_time_that_is_made_up_replaces_nothing_and_gives_way_to_a_new_one(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ALL, overlap=Overlap.REPLACE)
    world.engine(job)
    world.clock.go_on(60 * 4 - 1)
    engine = world.engine(job)

    engine.step()

    assert world.rows("SELECT state, reason FROM runs WHERE id = 2") == [
        ("cancelled", 'cancelled by run 3, overlap = "replace"')
    ]
    assert len(world.launcher.of_kind("signal")) == 1
    assert launched_runs(world) == [1]


def test_a_run_by_hand_is_refused_queued_or_put_in_place_of_the_other(world: World) -> None:
    for overlap, states in (
        (Overlap.QUEUE, ["queued", "queued"]),
        (Overlap.ALLOW, ["queued", "queued"]),
    ):
        job = make_job(overlap=overlap)
        for _ in range(2):
            world.command(OWNER).run_in_foreground([job], Wish("backup", "me"))
        assert world.states[-2:] == states
    with pytest.raises(RefusedError, match="already running"):
        world.command(OWNER).run_in_foreground([make_job()], Wish("backup", "me"))


def test_force_makes_light_of_overlap(world: World) -> None:
    job = make_job()
    world.command("{}").run_in_foreground([job], Wish("backup", "me"))

    command = world.command('{"other": 1}')
    command.run_in_foreground([job], Wish("backup", "me", force=True))

    assert launched_runs(world) == [2]


def test_a_run_waits_for_one_that_a_command_runs(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, overlap=Overlap.QUEUE)
    world.engine(job)
    command = world.command(OWNER)
    command.run_in_foreground([job], Wish("backup", "me"))
    world.processes.alive.add(PROCESS)
    world.clock.go_on(60)
    engine = world.engine(job)
    engine.step()
    assert world.rows("SELECT waits FROM runs WHERE id = 2") == [("run 1 to end",)]

    command.receive([exited(1, at=world.clock.now)])
    command.step()
    engine.look()
    engine.step()

    assert launched_runs(world) == [2]


def test_runs_that_wait_in_several_processes_start_one_after_the_other(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, overlap=Overlap.QUEUE)
    commands = [world.command(OWNER), world.command('{"other": 1}'), world.command('{"third": 1}')]
    for command in commands:
        command.run_in_foreground([job], Wish("backup", "me"))
    first, second, third = commands

    first.receive([exited(1, at=world.clock.now)])
    first.step()
    for command in (third, second):
        command.asked()
        command.step()

    assert world.rows("SELECT run_id FROM attempts") == [(1,), (2,)]
    second.receive([exited(2, at=world.clock.now)])
    second.step()
    third.asked()
    third.step()
    assert world.rows("SELECT run_id FROM attempts") == [(1,), (2,), (3,)]


def test_what_is_not_allowed_to_start_is_said(world: World) -> None:
    due(world, 2, overlap=Overlap.QUEUE)

    assert [report.text for report in world.reports if report.kind == "queued"] == [
        "waits for run 1 to end"
    ]


def test_a_pending_retry_is_neither_cancelled_nor_doubled_by_a_new_time(world: World) -> None:
    job = _with_retry(overlap=Overlap.QUEUE)
    engine = world.engine(job)
    minutes(world, engine, 1)
    end(world, engine, 1, code=1)
    assert world.states == ["retrying"]

    minutes(world, engine, 1)
    assert world.states == ["retrying", "queued"]
    assert launched_runs(world) == [1]
    world.clock.go_on(3600)
    engine.step()

    assert launched_runs(world) == [1, 1]


def _with_retry(**job: Any) -> Job:
    policy = RetryPolicy(times=1, delay=timedelta(minutes=30), max_delay=timedelta(hours=1))
    return make_job(when=EVERY_MINUTE, retry=policy, **job)
