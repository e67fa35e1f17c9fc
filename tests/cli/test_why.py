"""flowcron why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes import make_job
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Cron, Missed, OnStart, RetryPolicy
from flowcron.domain.run import State, Trigger
from flowcron.history import record, schedulers
from flowcron.history.database import transaction
from flowcron.history.pauses import pause
from rows import SUNDAY, Story, at
from terminal import Cli

NIGHTLY = make_job("backup", when=(Cron("0 3 * * *", "Europe/Berlin"),), retry=RetryPolicy(times=2))


class Nights(Story):
    """A history of a nightly job, and of the schedulers that were there for it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.configured(NIGHTLY)

    def scheduler_at(self, started: str, *, boot: str = "boot", pid: int = 100) -> int:
        with transaction(self.db):
            return schedulers.scheduler_started(
                self.db,
                pid=pid,
                boot=boot,
                host="db1",
                version="1",
                config="schedules.toml",
                digest="",
                at=at(started),
            )

    def stopped(self, scheduler: int, when: str) -> None:
        with transaction(self.db):
            schedulers.scheduler_stopped(self.db, scheduler, at=at(when), reason="signal 15")

    def decided(self, through: Instant) -> None:
        with transaction(self.db):
            record.decided(self.db, self.jobs["backup"].id, through=through)

    def outage(self) -> tuple[int, int]:
        """Stop before Wednesday's time, start after it and after Thursday's."""
        first = self.scheduler_at("2026-11-10T08:00", boot="7f3a")
        self.run("backup", at("2026-11-17T02:00"), took=250)
        self.stopped(first, "2026-11-18T01:51:07")
        self.scheduler_at("2026-11-19T04:14:22", boot="8f3a", pid=200)
        return self.caught_up("2026-11-19T04:14:22")

    def caught_up(self, now: str) -> tuple[int, int]:
        """Record Wednesday's time as missed, and Thursday's as made up."""
        missed = self.claimed(
            "backup",
            at("2026-11-18T02:00"),
            state=State.MISSED,
            reason="a later time ran in its place",
            recorded_at=at(now),
        )
        run = self.claimed(
            "backup",
            at("2026-11-19T02:00"),
            state=State.QUEUED,
            trigger=Trigger.CATCH_UP,
            covers=2,
            recorded_at=at(now),
        )
        end = self._attempt(run, 1, at(now), State.SUCCESS, took=242)
        with transaction(self.db):
            record.run_ended(self.db, end, reason=None)
        return missed, run


@pytest.fixture
def nights(cli: Cli) -> Callable[[], Nights]:
    return lambda: Nights(cli.history)


def why(cli: Cli, *arguments: str) -> dict[str, Any]:
    said = cli.piped("why", *arguments, "--json")
    assert said.code == 0, said.err
    document: dict[str, Any] = json.loads(said.out)
    return document


def texts(document: dict[str, Any]) -> list[str]:
    return [step["text"] for step in document["steps"]]


def test_a_missed_time_tells_who_was_not_there_and_what_ran_instead(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    story.outage()
    story.db.close()

    said = cli.on_terminal("why", "backup", "--at", "wed 03:00", columns=100)

    assert said.lines == [
        "! backup · run 2 · Wed 18 Nov 03:00 · missed · a later time ran in its place",
        "             02:51:07   the scheduler stopped (signal 15)",
        "  Thu 19 Nov 05:14:22   the scheduler started (pid 200)",
        '  Thu 19 Nov 05:14:22   2 times of backup had passed, missed = "once" (the default)',
        "  Thu 19 Nov 05:14:22   run 3 (of Thu 03:00) started in its place ✓ ok 4m 02s",
    ]


def test_programs_get_the_ledger(cli: Cli, nights: Callable[[], Nights]) -> None:
    story = nights()
    missed, _ = story.outage()
    story.db.close()

    document = why(cli, "backup", "--at", "2026-11-18T03:00")

    assert list(document) == [
        "schema",
        "job",
        "at",
        "state",
        "reason",
        "run",
        "steps",
        "before",
        "after",
    ]
    assert document["schema"] == "flowcron.why/1"
    assert document["at"] == "2026-11-18T03:00:00+01:00"
    assert (document["state"], document["run"]) == ("missed", missed)
    assert document["reason"] == "a later time ran in its place"
    assert document["steps"][0] == {
        "at": "2026-11-18T02:51:07+01:00",
        "text": "the scheduler stopped (signal 15)",
    }
    assert document["before"] == "2026-11-17T03:00:00+01:00"
    assert document["after"] == "2026-11-19T03:00:00+01:00"


def test_a_caught_up_run_says_how_late_it_was_and_for_how_many(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    story.outage()
    story.db.close()

    document = why(cli, "backup", "--at", "thu 03:00")

    assert document["state"] == "success"
    assert texts(document) == [
        "the scheduler stopped (signal 15)",
        "the scheduler started (pid 200)",
        '2 times of backup had passed, missed = "once" (the default)',
        "run 3 makes it up, 2h 14m late, for 2 times",
        "run 3 started",
        "run 3 ✓ ok after 4m 02s",
    ]


def test_a_scheduler_that_was_killed_is_missed_from_its_last_sign_on(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    story.scheduler_at("2026-11-10T08:00", boot="7f3a")
    story.run("backup", at("2026-11-17T02:00"), took=250)
    story.scheduler_at("2026-11-19T04:14:22", boot="8f3a", pid=200)
    story.caught_up("2026-11-19T04:14:22")
    story.db.close()

    first = why(cli, "backup", "--at", "wed 03:00")["steps"][0]

    assert first["at"] == "2026-11-17T03:00:00+01:00"
    assert "ended without a word, and the machine was started again" in first["text"]


def test_a_run_on_time_has_its_scheduler_and_its_attempts(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    story.scheduler_at("2026-11-19T08:00")
    story.run(
        "backup",
        at("2026-11-20T02:00"),
        retries=1,
        took=41,
        state=State.FAILED,
        exit_code=2,
        reason="exit 2",
    )
    story.db.close()

    document = why(cli, "backup", "--at", "fri 03:00")

    assert document["state"] == "failed"
    assert document["reason"] == "exit 2"
    assert texts(document)[:2] == ["the scheduler started (pid 100)", "attempt 1 started"]
    assert set(texts(document)[2:]) == {
        "attempt 1 ✗ exit 1 after 0.5s",
        "attempt 2 started",
        "attempt 2 ✗ exit 2 after 41.0s",
    }


def test_a_skipped_time_tells_about_the_run_that_was_in_the_way(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    story.scheduler_at("2026-11-19T08:00")
    earlier = story.run("backup", at("2026-11-20T02:00"), took=90_000)
    reason = f"run {earlier} was still running"
    story.claimed("backup", at("2026-11-21T02:00"), state=State.SKIPPED, reason=reason)
    story.db.close()

    (step,) = texts(why(cli, "backup", "--at", "sat 03:00"))[1:]

    assert step == (
        f'skipped, overlap = "skip": run {earlier} was still running: '
        "it started Fri 03:00 and ended Sat 04:00"
    )


def test_a_clock_that_was_set_is_part_of_the_story(cli: Cli, nights: Callable[[], Nights]) -> None:
    story = nights()
    run = story.run("backup", at("2026-11-20T02:00"), took=600)
    again = story.claimed(
        "backup",
        at("2026-11-20T02:00"),
        state=State.SKIPPED,
        generation=1,
        reason="disabled",
        recorded_at=at("2026-11-20T02:10"),
    )
    with transaction(story.db):
        record.event(
            story.db, "clock-step", "the clock was set back by 1h", at=at("2026-11-20T02:05")
        )
    story.db.close()

    document = why(cli, "backup", "--at", "fri 03:00")

    assert document["run"] == again
    assert texts(document) == [
        f"run {run} had this time before the clock was set back",
        "the clock was set back by 1h",
        "skipped: disabled",
    ]


def test_a_run_that_goes_on_has_no_end_yet(cli: Cli, nights: Callable[[], Nights]) -> None:
    story = nights()
    story.running("backup", at("2026-11-22T02:00"))
    story.db.close()

    document = why(cli, "backup")

    assert document["state"] == "running"
    assert texts(document) == ["run 1 started"]


def test_a_time_that_is_none_of_the_jobs_names_its_neighbours(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    story.outage()
    story.db.close()

    document = why(cli, "backup", "--at", "wed 03:10")
    said = cli.on_terminal("why", "backup", "--at", "wed 03:10")

    assert (document["state"], document["run"]) == ("not_due", None)
    assert document["reason"] == (
        "not a time of backup (every day at 03:00): before it comes Wed 03:00, after it Thu 03:00"
    )
    assert said.lines[0] == "— backup · Wed 18 Nov 03:10"
    assert said.lines[3].startswith("! backup · run 2 · Wed 18 Nov 03:00 · missed")


def test_the_schedule_of_that_day_decides_what_was_a_time(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    later = make_job("backup", when=(Cron("0 5 * * *", "Europe/Berlin"),))
    story.configured(later)
    with transaction(story.db):
        story.db.execute(
            "UPDATE definitions SET seen_at = ? WHERE id = 2", (at("2026-11-20T12:00"),)
        )
    story.db.close()

    before = why(cli, "backup", "--at", "2026-11-19T05:00")
    after = why(cli, "backup", "--at", "2026-11-21T03:00")

    assert "not a time of backup (then every day at 03:00)" in before["reason"]
    assert "not a time of backup (every day at 05:00)" in after["reason"]


@pytest.mark.parametrize(
    ("when", "state", "reason"),
    [
        (
            "2026-11-23T03:00",
            "due",
            "it will run in 7h, if a scheduler runs then: now there is none",
        ),
        ("2025-11-23T03:00", "not_seen", "backup was seen for the first time"),
        ("2026-11-01T03:00", "unrecorded", "history has no record of it"),
    ],
)
def test_a_time_without_a_run_says_why(
    cli: Cli, nights: Callable[[], Nights], when: str, state: str, reason: str
) -> None:
    story = nights()
    story.decided(through=at("2026-11-20T02:00"))
    story.db.close()

    document = why(cli, "backup", "--at", when)

    assert (document["state"], document["run"]) == (state, None)
    assert reason in document["reason"]


def test_without_a_scheduler_the_last_time_is_undecided(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    first = story.scheduler_at("2026-11-10T08:00")
    story.stopped(first, "2026-11-21T12:00")
    story.decided(through=at("2026-11-21T02:00"))
    story.db.close()

    document = why(cli, "backup")

    assert document["at"] == "2026-11-22T03:00:00+01:00"
    assert document["state"] == "undecided"
    assert document["reason"] == (
        'no scheduler has run since; the next one decides, missed = "once" (the default)'
    )
    assert texts(document) == ["the scheduler stopped (signal 15)"]


def test_a_row_for_very_many_missed_times_answers_for_each(
    cli: Cli, nights: Callable[[], Nights]
) -> None:
    story = nights()
    minutely = make_job("ping", when=(Cron("* * * * *", "UTC"),), missed=Missed.SKIP)
    story.configured(NIGHTLY, minutely)
    number = story.claimed(
        "ping",
        at("2026-11-20T12:00"),
        state=State.MISSED,
        reason="stands for 1,000+ missed times",
        recorded_at=at("2026-11-20T12:00:30"),
    )
    story.db.close()

    document = why(cli, "ping", "--at", "2026-11-20T03:00")

    assert (document["state"], document["run"]) == ("missed", number)
    assert document["reason"] == f"missed: run {number} stands for 1,000+ missed times"


def test_disabled_jobs_and_those_without_times_say_so(cli: Cli) -> None:
    story = cli.story()
    off = make_job("off", when=(Cron("0 3 * * *", "Europe/Berlin"),), enabled=False)
    story.configured(off, make_job("warm-up", when=(OnStart(),)))
    story.db.close()

    assert why(cli, "off", "--at", "2026-11-23T03:00")["state"] == "disabled"
    warm_up = why(cli, "warm-up")
    assert warm_up["state"] == "not_due"
    assert warm_up["reason"] == "warm-up has no times of its own, it runs once per boot"


def test_a_paused_job_says_who_paused_it(cli: Cli, nights: Callable[[], Nights]) -> None:
    story = nights()
    with transaction(story.db):
        pause(story.db, ["backup"], until=None, reason="moving", by="root", at=SUNDAY)
    story.db.close()

    document = why(cli, "backup", "--at", "2026-11-23T03:00")

    assert document["state"] == "paused"
    assert document["reason"] == "it will be recorded as skipped, root paused it: moving"


def test_a_job_that_no_scheduler_has_seen_has_nothing_to_explain(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(
        '[jobs.new]\ncommand = "true"\ncron = "0 3 * * *"\n', encoding="utf-8"
    )

    assert why(cli, "new")["reason"] == "no scheduler has seen this job yet"


def test_a_name_that_no_job_has_is_an_error(cli: Cli, nights: Callable[[], Nights]) -> None:
    nights().db.close()

    said = cli.piped("why", "bakcup")

    assert said.code == 4
    assert 'did you mean "backup"?' in said.err


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_ledger_fits_the_screen(cli: Cli, nights: Callable[[], Nights], columns: int) -> None:
    story = nights()
    story.outage()
    story.db.close()

    said = cli.on_terminal("why", "backup", "--at", "wed 03:00", columns=columns)

    assert max(map(len, said.lines)) <= columns


def test_a_late_start_says_how_late(cli: Cli, nights: Callable[[], Nights]) -> None:
    story = nights()
    due = at("2026-11-20T02:00")
    number = story.claimed("backup", due, state=State.QUEUED)
    end = story._attempt(number, 1, Instant(due + 5 * SECOND), State.SUCCESS)
    with transaction(story.db):
        record.run_ended(story.db, end, reason=None)
    story.db.close()

    assert "run 1 started, 5.0s late" in texts(why(cli, "backup", "--at", "fri 03:00"))
