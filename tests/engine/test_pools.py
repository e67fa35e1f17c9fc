"""Pools, max_running and priorities: who may have a process at a time."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import EVERY_MINUTE, FakeClock, after, exited, make_job, started
from flowcron.domain.job import Job, RetryPolicy
from flowcron.domain.overlap import Limits
from flowcron.domain.ports import Process
from flowcron.domain.wish import Wish
from flowcron.history import requests
from flowcron.history.database import open_history, transaction
from world import World

if TYPE_CHECKING:
    import pytest

    from flowcron.engine.engine import Engine

ONE_AT_A_TIME = Limits({"db": 1})
PROCESS = Process(100, 5, 7)
OWNER = '{"pid": 100, "started": 5, "inode": 7, "boot": "boot 1"}'


def in_pool(name: str, **more: Any) -> Job:
    return make_job(name, when=EVERY_MINUTE, pool="db", **more)


def due(world: World, *jobs: Job, limits: Limits = ONE_AT_A_TIME) -> Engine:
    engine = world.engine(*jobs, limits=limits)
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    return engine


def end(world: World, engine: Engine, run: int, attempt: int = 1, *, code: int = 0) -> None:
    now = world.clock.now
    engine.receive([started(run, attempt, at=now), exited(run, attempt, at=now, code=code)])
    engine.step()


def test_a_run_waits_until_there_is_room_in_its_pool(world: World) -> None:
    engine = due(world, in_pool("a"), in_pool("b"), make_job("c", when=EVERY_MINUTE))

    assert world.launcher.launched == ["a", "c"]
    assert world.rows("SELECT state, waits FROM runs WHERE id = 2") == [
        ("queued", "pool db: 1 of 1 in use")
    ]
    end(world, engine, 1)

    assert world.launcher.launched == ["a", "c", "b"]


def test_the_highest_priority_goes_first_then_the_oldest(world: World) -> None:
    jobs = in_pool("a"), in_pool("b"), in_pool("c", priority=5), in_pool("d", priority=5)
    engine = due(world, *jobs)
    for run in (1, 3, 4):
        end(world, engine, run)

    assert world.launcher.launched == ["a", "c", "d", "b"]


def test_who_waits_goes_before_what_is_asked_for_as_the_place_becomes_free(world: World) -> None:
    engine = due(world, in_pool("a"), in_pool("b"), make_job("c", pool="db"))
    with transaction(world.history):
        requests.ask(
            world.history, "run", {"job": "c"}, scheduler=None, requested_by="me", at=after(60)
        )

    engine.asked()
    end(world, engine, 1)

    assert world.launcher.launched == ["a", "b"]


def test_of_all_runs_no_more_than_max_running_have_a_process(world: World) -> None:
    jobs = [make_job(f"j{n}", when=EVERY_MINUTE) for n in range(5)]
    engine = due(world, *jobs, limits=Limits(max_running=2))

    assert world.launcher.launched == ["j0", "j1"]
    assert world.rows("SELECT waits FROM runs WHERE id = 5") == [("a slot: 2 of 2 in use",)]
    end(world, engine, 2)
    assert world.launcher.launched == ["j0", "j1", "j2"]


def test_a_run_that_waits_for_a_retry_gives_its_slot_to_others(world: World) -> None:
    policy = RetryPolicy(times=1, delay=timedelta(seconds=10))
    engine = due(world, in_pool("a", retry=policy), in_pool("b"))

    end(world, engine, 1, code=1)
    assert world.launcher.launched == ["a", "b"]
    world.clock.go_on(20)
    engine.step()

    assert world.rows("SELECT state, waits, retry_at FROM runs WHERE id = 1") == [
        ("queued", "pool db: 1 of 1 in use", None)
    ]
    end(world, engine, 2)
    assert world.launcher.launched == ["a", "b", "a"]


def test_what_waits_for_a_pool_waits_on_after_a_restart(world: World) -> None:
    jobs = in_pool("a"), in_pool("b"), in_pool("c", priority=1)
    due(world, *jobs)

    engine = world.engine(*jobs, limits=ONE_AT_A_TIME, known={(1, 1): started(1, at=after(60))})
    assert world.launcher.launched == []
    end(world, engine, 1)
    end(world, engine, 3)

    assert world.launcher.launched == ["c", "b"]


def test_a_pool_that_grows_lets_more_begin(world: World) -> None:
    jobs = in_pool("a"), in_pool("b")
    engine = due(world, *jobs)

    engine.load(jobs, limits=Limits({"db": 2}))
    engine.step()

    assert world.launcher.launched == ["a", "b"]


def test_a_run_that_is_cancelled_while_it_waits_never_starts(world: World) -> None:
    engine = due(world, in_pool("a"), in_pool("b"))
    engine.cancel_all("me")
    engine.accepting = True

    end(world, engine, 1)

    assert world.states == ["success", "cancelled"]
    assert world.launcher.launched == ["a"]


def test_a_command_and_a_scheduler_share_a_pool(world: World) -> None:
    jobs = in_pool("a"), in_pool("b")
    world.processes.alive.add(PROCESS)
    world.engine(*jobs, limits=ONE_AT_A_TIME)
    command = world.command(OWNER)
    command.run_in_foreground(jobs[:1], Wish("a", "me"), limits=ONE_AT_A_TIME)

    engine = world.engine(*jobs, limits=ONE_AT_A_TIME)
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    assert world.launcher.launched == []

    command.receive([exited(1, at=world.clock.now)])
    command.step()
    engine.look()
    engine.step()
    assert world.launcher.launched == ["b"]


def test_a_command_waits_for_the_slot_of_a_scheduler(world: World) -> None:
    jobs = in_pool("a"), in_pool("b")
    engine = due(world, jobs[0])

    command = world.command(OWNER)
    run = command.run_in_foreground(jobs[1:], Wish("b", "me"), limits=ONE_AT_A_TIME)
    assert world.launcher.launched == []
    end(world, engine, 1)
    command.asked()
    command.step()

    assert [message["run"] for message in world.launcher.of_kind("spawn")] == [run]


@given(
    pools=st.lists(st.sampled_from([None, "x", "y"]), min_size=1, max_size=12),
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    most=st.none() | st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=60)
def test_no_limit_is_ever_passed_and_everything_runs(
    tmp_path_factory: pytest.TempPathFactory,
    pools: list[str | None],
    sizes: tuple[int, int],
    most: int | None,
    order: Any,
) -> None:
    with closing(open_history(tmp_path_factory.mktemp("pools") / "history.db")) as history:
        world = World(history)
        world.clock = FakeClock()
        _all_runs_come_to_their_end(
            world, pools, Limits(dict(zip("xy", sizes, strict=True)), most), order
        )


def _all_runs_come_to_their_end(
    world: World, pools: list[str | None], limits: Limits, order: Any
) -> None:
    """Make a job for each pool due at once, and end them in any order; no limit is passed."""
    jobs = [make_job(f"j{n}", when=EVERY_MINUTE, pool=pool) for n, pool in enumerate(pools)]
    engine = due(world, *jobs, limits=limits)
    running: dict[int, str | None] = {}
    seen = 0

    while True:
        spawned = world.launcher.of_kind("spawn")
        for message in spawned[seen:]:
            running[message["run"]] = pools[int(message["env"]["FLOWCRON_JOB"][1:])]
        seen = len(spawned)
        for pool, size in limits.pools.items():
            assert list(running.values()).count(pool) <= size
        assert limits.max_running is None or len(running) <= limits.max_running
        if not running:
            break
        run = order.choice(sorted(running))
        del running[run]
        end(world, engine, run)

    assert world.states == ["success"] * len(pools)
