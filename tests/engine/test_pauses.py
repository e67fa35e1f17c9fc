"""Jobs that are paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fakes import EVERY_MINUTE, after, make_job
from flowcron.domain.job import Missed
from flowcron.domain.wish import Wish
from flowcron.errors import RefusedError
from flowcron.history.database import transaction
from flowcron.history.pauses import pause, resume

if TYPE_CHECKING:
    from flowcron.domain.instant import Instant
    from flowcron.engine.engine import Engine
    from world import World


def pause_it(world: World, *, until: Instant | None = None, reason: str | None = None) -> None:
    with transaction(world.history):
        pause(world.history, ["backup"], until=until, reason=reason, by="me", at=world.clock.now)


def go_on(world: World, engine: Engine, seconds: float = 60) -> None:
    world.clock.go_on(seconds)
    engine.asked()
    engine.look_at_everything()
    while engine.step():
        pass


def test_the_times_of_a_paused_job_are_skipped_with_the_reason(world: World) -> None:
    engine = world.engine(make_job(when=EVERY_MINUTE))
    pause_it(world, reason="boss on holiday")

    go_on(world, engine)

    assert world.rows("SELECT state, reason FROM runs") == [("skipped", "paused: boss on holiday")]
    assert world.launcher.sent == []


def test_a_pause_survives_a_restart_and_ends_by_itself(world: World) -> None:
    job = make_job(when=EVERY_MINUTE)
    world.engine(job)
    pause_it(world, until=after(150))

    engine = world.engine(job)
    for _ in range(3):
        go_on(world, engine)

    assert world.states == ["skipped", "skipped", "queued"]


def test_a_job_that_is_resumed_has_nothing_to_catch_up(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ALL)
    world.engine(job)
    pause_it(world)
    world.clock.go_on(600)
    with transaction(world.history):
        assert resume(world.history, ["backup"], at=world.clock.now) == ["backup"]
        assert resume(world.history, ["backup"], at=world.clock.now) == []

    engine = world.engine(job)
    go_on(world, engine)

    assert world.rows("SELECT scheduled_at, state FROM runs") == [(after(660), "queued")]


def test_a_paused_job_is_started_by_hand_only_with_force(world: World) -> None:
    job = make_job()
    pause_it(world)
    world.engine(job)
    command = world.command("{}")

    with pytest.raises(RefusedError, match="paused"):
        command.run_in_foreground([job], Wish("backup", "me"))
    run = command.run_in_foreground([job], Wish("backup", "me", force=True))

    assert run == 1
