"""Who hears again of what stays broken."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from fakes import EVERY_MINUTE, after, exited, make_job, started
from flowcron.domain.alerting import Rule
from flowcron.domain.channel import AlertTo, Channel
from flowcron.history.database import transaction
from flowcron.history.incidents import acknowledge

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World

HOURLY = Channel("ops", Rule(remind=timedelta(hours=1)))


def broken(world: World, channel: Channel = HOURLY) -> Engine:
    """Return an engine with a job that has failed once, a minute after noon."""
    engine = world.engine(make_job(when=EVERY_MINUTE, alert=(AlertTo("ops"),)), channels=(channel,))
    ends(world, engine, code=3)
    engine.accepting = False  # so that it does not come due meanwhile
    return engine


def ends(world: World, engine: Engine, *, code: int) -> None:
    world.clock.go_on(60)
    engine.accepting = True
    engine.look_at_everything()
    engine.step()
    ((run,),) = world.rows("SELECT max(id) FROM runs")
    now = world.clock.now
    engine.receive([started(run, at=now), exited(run, at=now, code=code)])
    engine.step()


def told(world: World) -> list[str]:
    rows = world.rows("SELECT event, details FROM outbox ORDER BY id")
    return ["reminder" if json.loads(details).get("reminder") else event for event, details in rows]


def test_a_channel_is_reminded_after_as_long_as_it_says(world: World) -> None:
    engine = broken(world)
    assert engine.next_alarm() == after(60 + 3600)

    world.clock.go_on(3599)
    engine.step()
    assert told(world) == ["failure"]
    world.clock.go_on(1)
    engine.step()

    assert told(world) == ["failure", "reminder"]
    assert world.rows("SELECT text, run_id FROM outbox")[1] == ("exit 3", 1)
    assert engine.next_alarm() == after(60 + 7200)


def test_a_reminder_outlives_the_scheduler(world: World) -> None:
    broken(world)
    world.clock.go_on(4000)

    engine = world.engine(make_job(when=EVERY_MINUTE, alert=(AlertTo("ops"),)), channels=(HOURLY,))
    engine.accepting = False
    engine.step()

    assert told(world) == ["failure", "reminder"]


def test_who_wants_no_reminder_is_not_woken_for_one(world: World) -> None:
    engine = broken(world, Channel("ops"))

    assert engine.next_alarm() is None


def test_a_job_that_works_again_reminds_of_nothing(world: World) -> None:
    engine = broken(world)
    ends(world, engine, code=0)

    assert engine.next_alarm() is None
    assert told(world) == ["failure", "recovery"]


def test_nobody_is_reminded_of_what_somebody_has_acknowledged(world: World) -> None:
    engine = broken(world)
    with transaction(world.history):
        acknowledge(world.history, 1, by="kim", at=world.clock.now)
    engine.asked()
    engine.step()

    assert engine.next_alarm() is None


def test_nobody_is_reminded_of_what_is_muted(world: World) -> None:
    engine = broken(world)
    with transaction(world.history):
        world.history.execute("INSERT INTO mutes VALUES ('backup', 0, NULL, 'kim')")
    engine.asked()
    engine.step()
    world.clock.go_on(4000)
    engine.step()

    assert told(world) == ["failure"]
