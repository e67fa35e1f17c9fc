"""Jobs that run after other jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes import EVERY_MINUTE, exited, make_job, started
from flowcron.domain.job import After, Condition, Job, Missed, Overlap
from flowcron.domain.overlap import Limits
from flowcron.domain.wish import Wish
from flowcron.history import requests
from flowcron.history.database import transaction

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World


def following(name: str, *upstream: str, condition: str = "success", **more: Any) -> Job:
    return make_job(name, when=(After(upstream, Condition(condition)),), **more)


DIAMOND = (
    make_job("a", when=EVERY_MINUTE),
    following("b", "a"),
    following("c", "a"),
    following("d", "b", "c"),
)


def due(world: World, *jobs: Job, **more: Any) -> Engine:
    engine = world.engine(*jobs, **more)
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    return engine


def end(world: World, engine: Engine, *runs: int, code: int = 0) -> None:
    """Let runs end, all in one turn."""
    world.clock.go_on(1)
    now = world.clock.now
    for run in runs:
        engine.receive([started(run, at=now), exited(run, at=now, code=code)])
    engine.step()


def rows(world: World) -> list[tuple[str, str, str | None]]:
    return world.rows(
        "SELECT name, state, reason FROM runs JOIN jobs ON jobs.id = job_id ORDER BY runs.id"
    )


def ask(world: World, engine: Engine, kind: str, **arguments: Any) -> None:
    with transaction(world.history):
        requests.ask(
            world.history, kind, arguments, scheduler=None, requested_by="me", at=world.clock.now
        )
    engine.asked()
    engine.step()


def test_a_job_runs_after_the_one_that_it_names(world: World) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE), following("b", "a"))

    end(world, engine, 1)

    assert world.launcher.launched == ["a", "b"]
    assert world.rows('SELECT "trigger", upstream, chain, scheduled_at FROM runs WHERE id = 2') == [
        ("after", 1, 1, None)
    ]


def test_what_follows_is_told_the_time_that_the_chain_is_for(world: World) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE), following("b", "a"))

    end(world, engine, 1)

    told = world.launcher.of_kind("spawn")[1]["env"]
    assert told["FLOWCRON_SCHEDULED_AT"] == "2027-03-01T12:01:00+00:00"


def test_the_last_of_a_diamond_runs_once_after_both(world: World) -> None:
    engine = due(world, *DIAMOND)
    end(world, engine, 1)
    assert world.launcher.launched == ["a", "b", "c"]

    end(world, engine, 2)
    assert "d" not in world.launcher.launched
    end(world, engine, 3)

    assert world.launcher.launched == ["a", "b", "c", "d"]


def test_the_last_of_a_diamond_runs_once_when_both_end_in_one_turn(world: World) -> None:
    engine = due(world, *DIAMOND)
    end(world, engine, 1)

    end(world, engine, 2, 3)

    assert world.launcher.launched == ["a", "b", "c", "d"]


def test_the_last_of_a_diamond_runs_once_when_the_scheduler_dies_between(world: World) -> None:
    engine = due(world, *DIAMOND)
    end(world, engine, 1)
    end(world, engine, 2)

    engine = world.engine(*DIAMOND, known={(3, 1): started(3, at=world.clock.now)})
    assert world.launcher.launched == []
    end(world, engine, 3)

    assert world.launcher.launched == ["d"]
    assert len(rows(world)) == 4


def test_an_upstream_that_ended_while_nobody_scheduled_is_followed_at_the_start(
    world: World,
) -> None:
    jobs = make_job("a", when=EVERY_MINUTE), following("b", "a")
    due(world, *jobs)

    world.engine(*jobs, known={(1, 1): exited(1, at=world.clock.now)})

    assert world.launcher.launched == ["b"]


def test_a_failure_skips_all_that_follows_with_the_cause(world: World) -> None:
    engine = due(world, *DIAMOND)

    end(world, engine, 1, code=3)

    cause = "upstream a failed (run 1)"
    assert rows(world) == [
        ("a", "failed", "exit 3"),
        ("b", "skipped", cause),
        ("c", "skipped", cause),
        ("d", "skipped", cause),
    ]


def test_a_failure_handler_runs_after_a_failure_and_leaves_no_trace_otherwise(
    world: World,
) -> None:
    handler = following("h", "a", condition="failure")
    engine = due(world, make_job("a", when=EVERY_MINUTE), handler)
    end(world, engine, 1)
    assert len(rows(world)) == 1

    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    end(world, engine, 2, code=1)

    assert world.launcher.launched == ["a", "a", "h"]


def test_a_job_may_run_however_the_one_before_it_ended(world: World) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE), following("z", "a", condition="always"))

    end(world, engine, 1, code=1)

    assert world.launcher.launched == ["a", "z"]


def test_a_time_that_was_skipped_begins_no_chain(world: World) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE), following("b", "a"))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()

    assert rows(world)[1:] == [("a", "skipped", "run 1 was still running")]


def test_a_paused_follower_is_skipped_and_so_is_what_follows_it(world: World) -> None:
    off = following("b", "a", enabled=False)
    engine = due(world, make_job("a", when=EVERY_MINUTE), off, following("c", "b"))

    end(world, engine, 1)

    assert rows(world)[1:] == [
        ("b", "skipped", "disabled"),
        ("c", "skipped", "upstream b was skipped (run 2)"),
    ]


def test_a_cancelled_run_is_not_followed(world: World) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE), following("b", "a"))
    ask(world, engine, "cancel", runs=[1])
    engine.receive([exited(1, at=world.clock.now, signal=15, why="cancel")])
    engine.step()

    assert rows(world) == [
        ("a", "cancelled", "cancelled by me"),
        ("b", "skipped", "upstream a was cancelled (run 1)"),
    ]


def test_a_follower_waits_for_its_pool_and_its_own_earlier_run(world: World) -> None:
    slow = following("b", "a", overlap=Overlap.QUEUE, pool="db")
    engine = due(world, make_job("a", when=EVERY_MINUTE), slow, limits=Limits({"db": 1}))
    end(world, engine, 1)
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()

    end(world, engine, 3)

    assert world.rows("SELECT waits FROM runs WHERE id = 4") == [("run 2 to end",)]
    end(world, engine, 2)
    assert world.launcher.launched == ["a", "b", "a", "b"]


def test_a_run_that_is_retried_by_hand_is_followed_by_what_was_skipped(world: World) -> None:
    engine = due(world, *DIAMOND)
    end(world, engine, 1)
    end(world, engine, 2, 3, code=1)
    assert rows(world)[3][:2] == ("d", "skipped")

    ask(world, engine, "retry", run=2)
    end(world, engine, 5)
    assert rows(world)[-1][:2] == ("d", "skipped")
    ask(world, engine, "retry", run=3)
    end(world, engine, 7)

    assert world.rows('SELECT retry_of, "trigger", chain FROM runs WHERE id = 5') == [
        (2, "retry", 1)
    ]
    assert world.launcher.launched[-1] == "d"
    assert [name for name, state, _ in rows(world) if state == "queued"] == ["d"]


def test_a_run_that_is_retried_by_hand_is_told_the_time_of_the_first(world: World) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE))
    end(world, engine, 1, code=1)
    world.clock.go_on(30)

    ask(world, engine, "retry", run=1)

    told = world.launcher.of_kind("spawn")[1]["env"]
    assert told["FLOWCRON_SCHEDULED_AT"] == "2027-03-01T12:01:00+00:00"


def test_a_run_that_is_retried_alone_is_not_followed(world: World) -> None:
    engine = due(world, *DIAMOND)
    end(world, engine, 1)
    end(world, engine, 2, 3)
    end(world, engine, 4, code=1)

    ask(world, engine, "retry", run=2, alone=True)
    end(world, engine, 5)

    assert world.launcher.launched == ["a", "b", "c", "d", "b"]


def test_a_run_of_a_chain_whose_beginning_is_no_longer_kept_is_retried_and_followed(
    world: World,
) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE), following("b", "a"), following("c", "b"))
    end(world, engine, 1)
    end(world, engine, 2, code=1)
    world.history.execute("DELETE FROM runs WHERE id = 1")

    ask(world, engine, "retry", run=2)
    end(world, engine, 4)

    assert world.launcher.launched == ["a", "b", "b", "c"]


def test_a_job_that_is_started_by_hand_is_followed_unless_it_is_to_run_alone(
    world: World,
) -> None:
    jobs = make_job("a"), following("b", "a")
    engine = world.engine(*jobs)

    ask(world, engine, "run", job="a", alone=True)
    end(world, engine, 1)
    assert world.launcher.launched == ["a"]
    ask(world, engine, "run", job="a")
    end(world, engine, 2)

    assert world.launcher.launched == ["a", "a", "b"]


def test_a_chain_that_is_begun_in_the_middle_waits_only_for_what_is_in_it(world: World) -> None:
    engine = world.engine(*DIAMOND)

    ask(world, engine, "run", job="b")
    end(world, engine, 1)

    assert world.launcher.launched == ["b", "d"]


def test_a_command_runs_what_follows_itself(world: World) -> None:
    command = world.command('{"pid": 1, "started": 1, "inode": 1, "boot": "boot 1"}')
    command.run_in_foreground([make_job("a"), following("b", "a")], Wish("a", "me"))

    end(world, command, 1)

    assert world.launcher.launched == ["a", "b"]
    assert world.rows("SELECT count(*) FROM runs WHERE owner IS NULL") == [(0,)]


def test_an_unknown_or_unfinished_run_is_not_retried(world: World) -> None:
    engine = due(world, make_job("a", when=EVERY_MINUTE))

    ask(world, engine, "retry", run=1)
    ask(world, engine, "retry", run=99)

    assert world.rows("SELECT error, exit_code FROM requests ORDER BY id") == [
        ("run 1 of a is not over (queued)", 6),
        ("there is no run 99", 4),
    ]


def test_a_catch_up_is_followed_too(world: World) -> None:
    jobs = make_job("a", when=EVERY_MINUTE, missed=Missed.ONCE), following("b", "a")
    world.engine(*jobs)
    world.clock.go_on(3600)

    engine = world.engine(*jobs)
    engine.step()
    ((caught_up,),) = world.rows("""SELECT id FROM runs WHERE "trigger" = 'catch-up'""")
    end(world, engine, caught_up)

    assert world.launcher.launched.count("b") == 1
