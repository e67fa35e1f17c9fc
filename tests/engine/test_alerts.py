"""What happens to runs becomes what channels are to be told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fakes import EVERY_MINUTE, exited, make_job, started
from flowcron.domain.alerting import Event, Remind, Rule
from flowcron.domain.channel import MONITOR, AlertTo, Channel
from flowcron.domain.job import After, Job, Missed, RetryPolicy
from flowcron.domain.wish import Wish
from flowcron.history.database import transaction
from flowcron.history.incidents import acknowledge

if TYPE_CHECKING:
    from flowcron.engine.engine import Engine
    from world import World

OPS = AlertTo("ops")
ALL = frozenset(Event)


def ops(**rule: Any) -> Channel:
    return Channel("ops", Rule(**rule), group=timedelta(seconds=30))


def alerting(world: World, *channels: Channel, **job: Any) -> Engine:
    """Return an engine with one job that alerts ops."""
    jobs = [make_job(when=EVERY_MINUTE, **({"alert": (OPS,)} | job))]
    return world.engine(*jobs, channels=channels or (ops(),))


def next_run(world: World, engine: Engine, *, code: int = 0, **message: Any) -> None:
    """Let the next minute's run start and end."""
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    ((run,),) = world.rows("SELECT max(id) FROM runs")
    now = world.clock.now
    engine.receive([started(run, at=now), exited(run, at=now, code=code, **message)])
    engine.step()


def told(world: World) -> list[tuple[str, str]]:
    return world.rows("SELECT event, text FROM outbox ORDER BY id")


def events(world: World) -> list[str]:
    return [event for event, _ in told(world)]


def test_a_failure_is_told_in_the_transaction_in_which_it_is_recorded(world: World) -> None:
    engine = alerting(world)

    next_run(world, engine, code=2)

    assert world.rows("SELECT channel, event, text, run_id, due_at - created_at FROM outbox") == [
        ("ops", "failure", "exit 2", 1, 30_000_000)
    ]


def test_a_job_that_stays_broken_is_told_once(world: World) -> None:
    engine = alerting(world)

    for _ in range(4):
        next_run(world, engine, code=2)

    assert events(world) == ["failure"]
    assert world.rows("SELECT failures, first_run, last_run FROM incidents") == [(4, 1, 4)]


def test_a_recovery_says_for_how_long_it_was_broken(world: World) -> None:
    engine = alerting(world)
    for code in (1, 1, 0, 0):
        next_run(world, engine, code=code)

    assert told(world) == [("failure", "exit 1"), ("recovery", "works again after 2m 00s")]
    ((closed,),) = world.rows("SELECT closed_at FROM incidents")
    assert closed is not None


def test_a_recovery_goes_only_to_who_heard_of_the_failure(world: World) -> None:
    patient = Channel("oncall", Rule(failures=3))
    to_both = (OPS, AlertTo("oncall"))
    engine = alerting(world, ops(), patient, alert=to_both)

    for code in (1, 1, 0):
        next_run(world, engine, code=code)

    assert world.rows("SELECT DISTINCT channel FROM outbox") == [("ops",)]


def test_a_channel_hears_after_as_many_failures_as_it_wants(world: World) -> None:
    engine = alerting(world, ops(failures=3))

    heard = []
    for _ in range(4):
        next_run(world, engine, code=1)
        heard.append(len(told(world)))

    assert heard == [0, 0, 1, 1]
    ((details,),) = world.rows("SELECT details FROM outbox")
    assert json.loads(details)["failures"] == 3


def test_what_a_job_says_of_a_channel_goes_before_what_that_says_itself(world: World) -> None:
    engine = alerting(world, ops(failures=3), alert=(AlertTo("ops", failures=1),))

    next_run(world, engine, code=1)

    assert events(world) == ["failure"]


def test_each_failure_is_told_where_that_is_wanted(world: World) -> None:
    engine = alerting(world, ops(remind=Remind.EACH))

    for _ in range(3):
        next_run(world, engine, code=1)

    assert events(world) == ["failure"] * 3


def test_a_failure_is_told_again_after_a_while_where_that_is_wanted(world: World) -> None:
    engine = alerting(world, ops(remind=timedelta(minutes=2)))

    for _ in range(5):
        next_run(world, engine, code=1)

    assert events(world) == ["failure"] * 3


def test_nobody_is_reminded_of_what_somebody_has_acknowledged(world: World) -> None:
    engine = alerting(world, ops(remind=Remind.EACH))
    next_run(world, engine, code=1)
    with transaction(world.history):
        assert acknowledge(world.history, 1, by="me", at=world.clock.now)

    next_run(world, engine, code=1)
    next_run(world, engine)

    assert events(world) == ["failure", "recovery"]


def test_retries_are_silent_until_the_last_has_failed(world: World) -> None:
    policy = RetryPolicy(times=2, delay=timedelta(seconds=1), jitter=0)
    engine = alerting(world, retry=policy)
    next_run(world, engine, code=1)
    assert told(world) == []

    for attempt in (2, 3):
        world.clock.go_on(5)
        engine.step()
        now = world.clock.now
        engine.receive([started(1, attempt, at=now), exited(1, attempt, at=now, code=1)])
        engine.step()

    assert events(world) == ["failure"]


def test_what_is_skipped_because_of_an_upstream_raises_no_alert(world: World) -> None:
    jobs = (
        make_job("a", when=EVERY_MINUTE, alert=(OPS,)),
        make_job("b", when=(After(("a",)),), alert=(OPS,)),
    )
    engine = world.engine(*jobs, channels=(ops(on=ALL - {Event.START}),))

    next_run(world, engine, code=1)

    assert world.states == ["failed", "skipped"]
    assert events(world) == ["failure"]
    assert world.rows("SELECT count(*) FROM incidents") == [(1,)]


def test_a_muted_job_is_counted_and_not_told(world: World) -> None:
    for target in ("backup", "tag:db"):
        with transaction(world.history):
            world.history.execute("INSERT INTO mutes VALUES (?, 0, NULL, 'me')", (target,))
        engine = alerting(world, tags=("db",))
        next_run(world, engine, code=1)
        with transaction(world.history):
            world.history.execute("DELETE FROM mutes")

    assert told(world) == []
    assert world.rows("SELECT failures FROM incidents") == [(2,)]


def test_a_mute_ends_by_itself(world: World) -> None:
    until = world.clock.now + 90_000_000
    with transaction(world.history):
        world.history.execute("INSERT INTO mutes VALUES ('backup', 0, ?, 'me')", (until,))
    engine = alerting(world, ops(remind=Remind.EACH))

    next_run(world, engine, code=1)
    assert told(world) == []
    next_run(world, engine, code=1)

    assert events(world) == ["failure"]


def test_missed_times_are_told_once_for_an_outage(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, alert=(OPS,), missed=Missed.SKIP)
    world.engine(job, channels=(ops(),))
    world.clock.go_on(60 * 4 - 1)

    engine = world.engine(job, channels=(ops(),))
    engine.step()

    assert told(world) == [("missed", "missed 2 times from 2027-03-01 12:01 to 2027-03-01 12:02")]


def test_what_is_made_up_is_not_told_as_missed(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, alert=(OPS,), missed=Missed.ONCE)
    world.engine(job, channels=(ops(),))
    world.clock.go_on(60 * 4 - 1)

    engine = world.engine(job, channels=(ops(),))
    engine.step()

    assert "missed" in world.states
    assert told(world) == []


def test_a_monitor_hears_of_each_start_and_success_at_once(world: World) -> None:
    engine = alerting(world, ops(on=frozenset({Event.START, Event.SUCCESS})))

    next_run(world, engine)

    assert world.rows("SELECT event, due_at - created_at FROM outbox") == [
        ("start", 0),
        ("success", 0),
    ]


def test_what_a_job_prints_is_mailed_when_there_is_any(world: World) -> None:
    engine = alerting(world, alert=(), mailto=("boss@example.com",))

    next_run(world, engine, bytes=0)
    next_run(world, engine, bytes=10)

    ((channel, event, run, details),) = world.rows(
        "SELECT channel, event, run_id, details FROM outbox"
    )
    assert (channel, event, run) == ("mailto", "mail", 2)
    assert json.loads(details) == {"to": ["boss@example.com"]}


def test_a_slow_and_a_late_run_are_told_where_that_is_wanted(world: World) -> None:
    engine = alerting(
        world,
        ops(on=frozenset({Event.SLOW, Event.LATE})),
        slow_after=timedelta(minutes=5),
        late_after=timedelta(seconds=1),
    )
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    world.clock.go_on(3)
    engine.receive([started(1, at=world.clock.now)])
    engine.step()
    world.clock.go_on(400)
    engine.step()

    assert told(world) == [("late", "started 3.0s late"), ("slow", "still running after 6m 40s")]


def test_a_run_in_the_foreground_fills_the_same_outbox(world: World) -> None:
    job: Job = make_job(alert=(OPS,))
    command = world.command("{}")
    command.run_in_foreground([job], Wish("backup", "me"), channels=(ops(),))

    command.receive([exited(1, at=world.clock.now, code=1)])
    command.step()

    assert events(world) == ["failure"]


def with_a_habit(world: World, **job: Any) -> Engine:
    """Return an engine whose job has taken ten minutes and written 4 kB, five times."""
    engine = alerting(world, ops(on=frozenset({Event.SLOW})), unusual=3.0, **job)
    for _ in range(5):
        usual_run(world, engine)
    return engine


def usual_run(world: World, engine: Engine, *, minutes: int = 10, wrote: int = 4_000) -> None:
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    ((run,),) = world.rows("SELECT max(id) FROM runs WHERE state = 'queued'")
    began = world.clock.now
    engine.receive([started(run, at=began)])
    engine.step()
    world.clock.go_on(60 * minutes)
    engine.receive([exited(run, at=world.clock.now, began=began, bytes=wrote)])
    engine.step()


def test_a_run_that_is_unusually_short_or_quiet_is_told(world: World) -> None:
    engine = with_a_habit(world)
    assert told(world) == []

    usual_run(world, engine, minutes=3)
    usual_run(world, engine, wrote=0)
    usual_run(world, engine, minutes=4, wrote=2_000)

    assert told(world) == [
        ("slow", "took only 3m 00s, usually 10m 00s"),
        ("slow", "wrote only 0 bytes, usually 4.0 KB"),
    ]


def test_a_run_that_goes_on_for_unusually_long_is_told(world: World) -> None:
    engine = with_a_habit(world)

    usual_run(world, engine, minutes=29)
    assert told(world) == []
    usual_run(world, engine, minutes=31)

    assert [text for _, text in told(world)] == ["still running after 31m 00s"]


def test_a_monitor_hears_of_each_end_though_the_job_is_muted_or_acknowledged(world: World) -> None:
    monitor = Channel("ops", MONITOR, healthchecks="https://hc.example/key")
    with transaction(world.history):
        world.history.execute("INSERT INTO mutes VALUES ('backup', 0, NULL, 'me')")
    engine = alerting(world, monitor)

    next_run(world, engine, code=1)
    with transaction(world.history):
        assert acknowledge(world.history, 1, by="me", at=world.clock.now)
    next_run(world, engine, code=1)
    next_run(world, engine)

    assert events(world) == ["start", "failure", "start", "failure", "start", "success"]


def test_what_waits_to_be_told_waits_as_long_whatever_the_clock_says(world: World) -> None:
    engine = alerting(world)
    next_run(world, engine, code=1)
    ((due,),) = world.rows("SELECT due_at FROM outbox")

    engine.clock_stepped(-7_200_000_000)

    assert world.rows("SELECT due_at FROM outbox") == [(due - 7_200_000_000,)]
