"""What a scheduler does with the runs of a dead one: the table in architecture.md, row by row."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fakes import EVERY_MINUTE, after, exited, make_job, started
from flowcron.domain.job import Job, Missed, Overlap, RetryPolicy
from flowcron.domain.ports import Process
from flowcron.domain.wish import Wish
from flowcron.history import requests
from flowcron.history.database import transaction

if TYPE_CHECKING:
    from world import World

PROCESS = Process(100, 5, 7)
BY_ME = Wish("backup", "me")
OWNER = '{"pid": 100, "started": 5, "inode": 7, "boot": "boot 1"}'


def after_a_crash(world: World, *messages: dict[str, Any], job: Job | None = None) -> Job:
    """Claim run 1, hear `messages`, and die."""
    job = job or make_job(when=EVERY_MINUTE)
    engine = world.engine(job)
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    engine.receive(messages)
    engine.step()
    return job


def test_a_run_that_the_supervisor_still_runs_is_adopted_and_not_started(world: World) -> None:
    job = after_a_crash(world)

    engine = world.engine(job, known={(1, 1): started(1, at=after(60))})
    engine.receive([exited(1, at=after(70), code=7, began=after(60))])
    engine.step()

    assert world.launcher.launched == []
    assert world.rows("SELECT state, exit_code, started_at, finished_at, attempts FROM runs") == [
        ("failed", 7, after(60), after(70), 1)
    ]


def test_a_run_that_ended_while_nobody_scheduled_gets_its_true_status(world: World) -> None:
    job = after_a_crash(world, started(1, at=after(60)))

    world.engine(job, known={(1, 1): exited(1, at=after(61), code=7)})

    assert world.rows("SELECT state, exit_code FROM runs") == [("failed", 7)]
    assert world.launcher.acked == [[1, 1]]


def test_a_run_that_was_claimed_and_never_started_starts_when_it_is_not_too_late(
    world: World,
) -> None:
    job = after_a_crash(world)
    world.clock.go_on(30)

    world.engine(job)

    assert world.launcher.launched == ["backup"]
    assert world.rows("SELECT number FROM attempts") == [(1,)]


def test_a_run_that_was_claimed_and_never_started_was_missed_when_it_is_too_late(
    world: World,
) -> None:
    job = after_a_crash(world)
    world.clock.go_on(61)

    world.engine(job)

    assert world.rows("SELECT state, reason FROM runs WHERE id = 1") == [
        ("missed", "claimed, and the scheduler died before it could start")
    ]
    assert world.rows("SELECT number FROM attempts WHERE run_id = 1") == []


def test_a_run_that_never_started_is_made_up_when_the_job_wants_its_missed_times(
    world: World,
) -> None:
    job = after_a_crash(world, job=make_job(when=EVERY_MINUTE, missed=Missed.ALL))
    world.clock.go_on(3000)

    world.engine(job)

    assert world.states[0] == "queued"
    assert world.launcher.launched == ["backup"]


def test_a_process_that_outlived_its_supervisor_is_handed_to_the_new_one(world: World) -> None:
    job = after_a_crash(
        world, started(1, at=after(60)), job=make_job(when=EVERY_MINUTE, timeout=timedelta(hours=1))
    )
    world.processes.alive.add(PROCESS)

    world.engine(job, supervisor="second")

    adoption = world.launcher.of_kind("adopt")[0]
    assert (adoption["run"], adoption["pid"], adoption["pid_inode"]) == (1, 100, 7)
    assert adoption["deadline"] == after(60 + 3600)
    assert world.launcher.launched == []


def test_a_process_whose_pid_was_never_heard_is_found_by_its_token(world: World) -> None:
    job = after_a_crash(world)
    ((token,),) = world.rows("SELECT token FROM attempts")
    world.processes.tokens[token] = PROCESS

    world.engine(job, supervisor="second")

    assert [m["pid"] for m in world.launcher.of_kind("adopt")] == [100]


def test_a_pid_that_belongs_to_another_process_by_now_is_not_adopted(world: World) -> None:
    job = after_a_crash(world, started(1, at=after(60)))
    world.processes.alive.add(Process(100, 6, 8))

    world.engine(job, supervisor="second")

    assert world.states == ["lost"]
    assert world.launcher.sent == []


def test_a_run_without_a_trace_is_lost_and_never_started_again(world: World) -> None:
    job = after_a_crash(world, job=make_job(when=EVERY_MINUTE, retry=RetryPolicy(times=3)))

    world.engine(job, supervisor="second")

    assert world.rows("SELECT state, reason FROM runs") == [
        ("lost", "lost: its supervisor is gone and there is no trace of the process")
    ]
    assert world.launcher.launched == []


def test_a_run_from_before_a_reboot_is_lost_even_if_its_pid_lives(world: World) -> None:
    job = after_a_crash(world, started(1, at=after(60)))
    world.processes.alive.add(PROCESS)

    world.engine(job, supervisor="second", boot="boot 2")

    assert world.rows("SELECT state, reason FROM runs") == [
        ("lost", "lost: the machine went down in mid-run")
    ]


def test_a_wait_for_a_retry_survives_a_restart(world: World) -> None:
    policy = RetryPolicy(times=1, delay=timedelta(minutes=3))
    job = after_a_crash(
        world, exited(1, at=after(60), code=1), job=make_job(when=EVERY_MINUTE, retry=policy)
    )

    engine = world.engine(job)

    assert engine.next_alarm() == after(60 + 180)
    world.clock.go_on(180)
    engine.step()
    assert [m["attempt"] for m in world.launcher.of_kind("spawn")] == [2]


def test_a_run_keeps_the_definition_that_it_was_claimed_with(world: World) -> None:
    policy = RetryPolicy(times=1, delay=timedelta(seconds=1))
    after_a_crash(
        world,
        exited(1, at=after(60), code=1),
        job=make_job(when=EVERY_MINUTE, retry=policy, command=("old",)),
    )
    world.clock.go_on(5)

    engine = world.engine(make_job(when=EVERY_MINUTE, command=("new",)))
    engine.step()

    assert world.launcher.of_kind("spawn")[0]["argv"] == ("old",)


def test_what_is_run_in_the_foreground_by_a_living_command_is_left_alone(world: World) -> None:
    job = make_job()
    world.command(OWNER).run_in_foreground([job], BY_ME)
    world.processes.alive.add(PROCESS)

    world.engine(job, supervisor="second")

    assert world.states == ["queued"]
    assert world.launcher.sent == []


def test_when_the_supervisor_dies_its_processes_are_handed_over_and_the_rest_is_lost(
    world: World,
) -> None:
    jobs = make_job("a", when=EVERY_MINUTE), make_job("b", when=EVERY_MINUTE)
    engine = world.engine(*jobs)
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    engine.receive([started(1, at=after(60))])
    engine.step()

    world.processes.alive.add(PROCESS)

    engine = world.engine(*jobs, supervisor="second")

    assert [m["run"] for m in world.launcher.of_kind("adopt")] == [1]
    assert world.states == ["running", "lost"]
    world.processes.statuses[100] = 3 << 8
    engine.receive([{"ev": "adopt_failed", "run": 1, "attempt": 1, "at": after(61)}])
    engine.step()
    assert world.rows("SELECT state, exit_code FROM runs WHERE id = 1") == [("failed", 3)]


def test_the_status_of_a_process_that_ended_with_its_supervisor_is_asked_of_the_system(
    world: World,
) -> None:
    job = after_a_crash(world, started(1, at=after(60)))
    world.processes.statuses[100] = 7 << 8

    world.engine(job, supervisor="second")

    assert world.rows("SELECT state, exit_code FROM runs") == [("failed", 7)]


def test_a_run_whose_command_died_is_settled_while_the_scheduler_lives(world: World) -> None:
    job = make_job(when=EVERY_MINUTE)
    engine = world.engine(job)
    world.processes.alive.add(PROCESS)
    world.command(OWNER).run_in_foreground([job], BY_ME)
    engine.look()
    engine.step()
    assert world.states == ["queued"]

    world.processes.alive.clear()
    engine.look()
    engine.step()

    assert world.states == ["lost"]


def test_a_catch_up_waits_for_a_run_in_the_foreground(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ALL)
    world.processes.alive.add(PROCESS)
    world.engine(job)
    world.command(OWNER).run_in_foreground([job], BY_ME)
    world.clock.go_on(200)

    engine = world.engine(job, supervisor="second")
    engine.step()
    engine.look()
    engine.step()

    assert world.launcher.launched == []
    assert set(world.states) == {"queued"}


def test_nothing_that_waits_begins_while_the_scheduler_stops(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, missed=Missed.ALL)
    world.engine(job)
    world.clock.go_on(200)
    engine = world.engine(job)
    engine.step()
    assert len(world.launcher.launched) == 1

    engine.accepting = False
    engine.receive([exited(1, at=world.clock.now)])
    engine.step()

    assert len(world.launcher.launched) == 1
    assert world.states[:2] == ["success", "queued"]


def test_a_run_without_retries_has_none_after_a_restart_either(world: World) -> None:
    job = make_job(retry=RetryPolicy(times=3))
    engine = world.engine(job)
    with transaction(world.history):
        requests.ask(
            world.history,
            "run",
            {"job": "backup", "retries": False},
            scheduler=None,
            requested_by="me",
            at=world.clock.now,
        )
    engine.asked()
    engine.step()

    engine = world.engine(job, known={(1, 1): started(1, at=after(60))})
    engine.receive([exited(1, at=after(61), code=1)])
    engine.step()

    assert world.states == ["failed"]


def test_text_that_cannot_be_encoded_harms_nobody(world: World) -> None:
    job = after_a_crash(world)
    failure = {"what": "exec", "error": "ENOENT", "text": "no such file: \udcff"}

    world.engine(
        job, known={(1, 1): {"ev": "spawn_failed", "run": 1, "attempt": 1, "at": 1} | failure}
    )

    ((reason,),) = world.rows("SELECT reason FROM runs")
    assert reason == "could not start: no such file: \\udcff (ENOENT)"


def test_an_end_that_was_written_down_and_not_acknowledged_is_acknowledged(world: World) -> None:
    end = exited(1, at=after(61))
    job = after_a_crash(world, started(1, at=after(60)), end)

    world.engine(job, known={(1, 1): end})

    assert world.launcher.acked == [[1, 1]]
    assert world.rows("SELECT state, attempts FROM runs") == [("success", 1)]


def test_an_end_that_was_not_acknowledged_is_not_taken_for_that_of_the_next_attempt(
    world: World,
) -> None:
    end = exited(1, at=after(61), code=1)
    policy = RetryPolicy(times=1, delay=timedelta(seconds=5), jitter=0)
    job = after_a_crash(
        world, started(1, at=after(60)), end, job=make_job(when=EVERY_MINUTE, retry=policy)
    )

    engine = world.engine(job, known={(1, 1): end})
    world.clock.go_on(10)
    engine.step()

    assert world.launcher.acked == [[1, 1]]
    assert [message["attempt"] for message in world.launcher.of_kind("spawn")] == [2]
    assert world.rows("SELECT number FROM attempts") == [(1,), (2,)]


def test_runs_that_waited_under_a_dead_scheduler_wait_on_without_a_word(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, overlap=Overlap.QUEUE, missed=Missed.ALL)
    engine = world.engine(job)
    world.clock.go_on(180)
    engine.look_at_everything()
    engine.step()
    before = world.rows("SELECT id, state, waits FROM runs")

    engine = world.engine(job, known={(1, 1): started(1, at=after(180))})
    assert world.rows("SELECT id, state, waits FROM runs WHERE id > 1") == before[1:]
    assert {report.run for report in world.reports} == {1}
    engine.receive([exited(1, at=after(181))])
    engine.step()

    assert world.rows("SELECT state, waits FROM runs WHERE id = 2") == [("queued", None)]
    assert world.launcher.launched == ["backup"]


def test_recovery_that_is_done_twice_changes_nothing_more(world: World) -> None:
    job = after_a_crash(world, started(1, at=after(60)))
    known = {(1, 1): started(1, at=after(60))}

    world.engine(job, known=known)
    before = world.rows("SELECT * FROM runs, attempts")
    world.engine(job, known=known)

    assert world.rows("SELECT * FROM runs, attempts") == before


def test_a_process_that_was_to_end_is_asked_by_the_next_scheduler_when_nobody_had_told_it(
    world: World,
) -> None:
    job = cancelled_in_a_crash(world, started(1, at=after(60)))

    engine = world.engine(job, known={(1, 1): started(1, at=after(60))})
    engine.receive([exited(1, at=after(70), signal=15, why="cancel")])
    engine.step()

    assert [message["why"] for message in world.launcher.of_kind("signal")] == ["cancel"]
    assert world.rows("SELECT state, reason FROM runs") == [("cancelled", "cancelled by me")]


def test_a_process_that_was_told_to_end_is_not_told_twice(world: World) -> None:
    job = cancelled_in_a_crash(world, started(1, at=after(60)))

    world.engine(job, known={(1, 1): started(1, at=after(60)) | {"why": "cancel"}})

    assert world.launcher.sent == []


def test_a_process_that_was_to_end_is_told_again_when_its_supervisor_died(world: World) -> None:
    job = cancelled_in_a_crash(world, started(1, at=after(60)))
    world.processes.alive = {PROCESS}

    world.engine(job, supervisor="second")

    assert [message["op"] for message in world.launcher.sent] == ["adopt", "signal"]


def test_a_run_that_was_cancelled_before_its_process_was_asked_for_never_starts(
    world: World,
) -> None:
    job = cancelled_in_a_crash(world)

    world.engine(job)

    assert world.launcher.sent == []
    assert world.rows("SELECT state, attempts, reason FROM runs") == [
        ("cancelled", 0, "cancelled by me")
    ]
    assert world.rows("SELECT * FROM attempts") == []


def cancelled_in_a_crash(world: World, *messages: dict[str, Any]) -> Job:
    """Claim run 1, hear `messages`, cancel it, and die before anybody is told."""
    job = make_job(when=EVERY_MINUTE)
    engine = world.engine(job)
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()
    engine.receive(messages)
    engine.step()
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
    return job


def test_what_was_still_read_for_a_run_proves_that_it_never_started(world: World) -> None:
    job = make_job(when=EVERY_MINUTE, secrets=(("A", "command:pass a"),))
    after_a_crash(world, job=job)

    world.engine(job, supervisor="second")

    assert world.launcher.launched == ["backup"]
    assert world.rows("SELECT state FROM attempts") == [("queued",)]


def test_a_command_that_died_while_something_was_read_has_started_nothing(world: World) -> None:
    job = make_job(env_file="/etc/backup.env")
    world.engine(job)
    world.command(OWNER).run_in_foreground([job], BY_ME)

    world.engine(job, supervisor="second")

    assert world.states == ["cancelled"]
    assert world.rows("SELECT count(*) FROM attempts") == [(0,)]
    assert world.launcher.launched == []
