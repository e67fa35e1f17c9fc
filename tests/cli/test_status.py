"""flowcron status."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from flowcron.app.asking import LOCK
from flowcron.cli.status import FIELDS
from flowcron.domain.run import State
from flowcron.history import record
from flowcron.history.configurations import BROKEN
from flowcron.history.restore import DAMAGED
from holding import holding
from rows import ago
from terminal import Cli


@pytest.fixture
def running_cli(evening_cli: Cli) -> Iterator[Cli]:
    """Return a command line beside a process that holds the scheduler's lock."""
    with holding(evening_cli.history.parent / LOCK) as pid:
        evening_cli.environment.setenv("HOLDER", str(pid))
        yield evening_cli


def test_a_running_scheduler_says_what_it_does(running_cli: Cli) -> None:
    said = running_cli.on_terminal("status", columns=100)

    assert said.code == 0
    pid = os.environ["HOLDER"]
    assert said.lines[0] == f"● running   since Fri 20 Nov 10:48 (2d) · pid {pid} · 0.1.0"
    assert "  config      schedules.toml      loaded 2d ago" in said.lines
    assert "97 runs since Sun 8 Nov" in said.out
    assert "RUNNING 1   extract 97   17m 41s of ~22m  ████████████████░░░░   try 1/3" in said.lines
    assert "FAILING 1   daily-kpis   3 in a row · exit 2 · 2d ago" in said.lines
    assert "QUEUED 0" in said.lines
    assert "NEXT        ping in 41s · backup in 7h 11m · cert-renew in 8h 28m" in said.lines


def test_failing_jobs_are_in_line(running_cli: Cli) -> None:
    for job in ("by-hand", "cert-renew"):
        running_cli.story().run(job, ago(minutes=9), state=State.FAILED)

    lines = running_cli.on_terminal("status", columns=100).lines

    begin = next(number for number, line in enumerate(lines) if line.startswith("FAILING"))
    assert lines[begin : begin + 3] == [
        "FAILING 3   cert-renew   exit 1 · 9m ago",
        "            daily-kpis   3 in a row · exit 2 · 2d ago",
        "            by-hand      exit 1 · 9m ago",
    ]


def test_who_waits_says_for_what_and_who_is_slow_is_marked(running_cli: Cli) -> None:
    story = running_cli.story()
    waiting = story.claimed("backup", ago(minutes=3), state=State.QUEUED)
    story.mark(waiting, waits="pool db: 2 of 2 in use")
    story.mark(97, slow_at=ago(minutes=2))

    lines = running_cli.on_terminal("status", columns=100).lines
    said = json.loads(running_cli.piped("status", "--json").out)

    assert (
        "RUNNING 1   extract 97   17m 41s of ~22m  ████████████████░░░░   slow   try 1/3" in lines
    )
    assert "QUEUED 1    backup 98    queued 3m ago · waits for pool db: 2 of 2 in use" in lines
    assert said["queued"][0]["waits"] == "pool db: 2 of 2 in use"


def test_a_changed_configuration_is_noticed(running_cli: Cli) -> None:
    (running_cli.folder / "schedules.toml").write_text("[jobs\n", encoding="utf-8")

    said = running_cli.on_terminal("status")

    assert said.code == 0
    assert "changed since" in said.out


def test_the_worst_start_delay_of_today_is_told(running_cli: Cli) -> None:
    story = running_cli.story()
    late = story.run("ping", ago(hours=7, minutes=3))
    story.mark(late, started_at=ago(hours=7, minutes=3) + 400_000)

    said = json.loads(running_cli.piped("status", "--json").out)
    lines = running_cli.on_terminal("status", columns=100).lines

    assert "  clock       on time, worst start delay today 0.4s (ping 12:45:19)" in lines
    assert said["worst_delay"] == {
        "delay": 0.4,
        "job": "ping",
        "scheduled_at": "2026-11-22T12:45:19+01:00",
        "is_whole_day": True,
    }


def test_a_run_that_started_late_is_told(running_cli: Cli) -> None:
    story = running_cli.story()
    late = story.run("ping", ago(minutes=90, seconds=5))
    story.mark(late, started_at=ago(minutes=89))

    lines = running_cli.on_terminal("status", columns=100).lines

    assert "  clock       late, worst start delay today 1m 05s (ping 18:18:14)" in lines


def test_before_anything_was_due_nobody_was_late(cli: Cli) -> None:
    cli.story()

    with holding(cli.history.parent / LOCK):
        lines = cli.on_terminal("status").lines

    assert "  clock       no job was due today" in lines


def test_strictly_no_scheduler_is_worse_than_a_failing_job(evening_cli: Cli) -> None:
    assert evening_cli.piped("status", "--strict").code == 5


def test_strict_counts_failing_jobs(running_cli: Cli) -> None:
    assert running_cli.piped("status", "--strict").code == 1


def test_without_a_scheduler_it_exits_with_5_and_says_what_was_missed(evening_cli: Cli) -> None:
    story = evening_cli.story()
    story.db.execute("UPDATE schedulers SET stopped_at = started_at, stop_reason = 'signal 15'")

    said = evening_cli.on_terminal("status")

    assert said.code == 5
    assert said.lines == [
        "○ not running   last stopped Fri 20 Nov 10:48 (signal 15)",
        "  4 jobs were due since: backup, cert-renew, extract, …",
        "  1 run is not over; the next start looks after them",
    ]
    assert "flowcron start" in said.err


def test_before_the_first_start_there_is_little_to_say(cli: Cli) -> None:
    said = cli.on_terminal("status")

    assert (said.code, said.lines) == (5, ["○ not running   never started here"])


def test_programs_get_everything(running_cli: Cli) -> None:
    said = json.loads(running_cli.piped("status", "--json").out)

    assert tuple(said) == ("schema", *FIELDS)
    assert said["schema"] == "flowcron.status/1"
    assert said["state"] == "running"
    assert said["pid"] == int(os.environ["HOLDER"])
    assert said["since"] == "2026-11-20T10:48:19+01:00"
    assert said["is_current"] is True
    assert [run["id"] for run in said["running"]] == [97]
    assert said["failing"] == [
        {
            "job": "daily-kpis",
            "failures": 3,
            "since": None,
            "alerted": [],
            "acknowledged_by": None,
        }
    ]
    assert said["alerts"] == {"sent_today": 0, "waiting": [], "dead": [], "muted": []}
    assert said["next"][0] == {"job": "ping", "at": "2026-11-22T19:49:00+01:00"}


def test_programs_can_choose(evening_cli: Cli) -> None:
    said = evening_cli.piped("status", "--json", "state,pid")

    assert json.loads(said.out) == {"schema": "flowcron.status/1", "state": "stopped", "pid": None}
    assert said.code == 5


@pytest.mark.parametrize("columns", [50, 60, 80])
def test_it_fits_the_screen(running_cli: Cli, columns: int) -> None:
    assert max(map(len, running_cli.on_terminal("status", columns=columns).lines)) <= columns


def test_a_damaged_history_is_told_for_a_week(running_cli: Cli) -> None:
    story = running_cli.story()
    record.event(story.db, DAMAGED, "long ago", at=ago(days=8))
    record.event(story.db, DAMAGED, "it was restored", at=ago(hours=3))
    record.event(story.db, "note", "nothing to tell", at=ago(hours=1))

    said = running_cli.on_terminal("status")
    told = json.loads(running_cli.piped("status", "--json").out)

    assert "! 3h ago: it was restored" in said.lines
    assert "long ago" not in said.out
    assert [each["text"] for each in told["warnings"]] == ["it was restored"]


def test_a_broken_configuration_is_told_until_one_is_loaded(running_cli: Cli) -> None:
    story = running_cli.story()
    record.event(story.db, BROKEN, "an earlier mistake", at=ago(days=3))
    assert "mistake" not in running_cli.on_terminal("status").out

    record.event(story.db, BROKEN, "schedules.toml:3: a mistake", at=ago(days=1))
    assert "! 1d ago: schedules.toml:3: a mistake" in running_cli.on_terminal("status").lines
