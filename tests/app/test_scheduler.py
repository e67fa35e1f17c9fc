"""The real scheduler: stopping, reloading, running by hand."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

GATED = """
[jobs.gated]
command = "trap 'exit 9' TERM; while [ ! -e {gate} ]; do sleep 0.05; done"
"""


def begin(
    flowcron: Installed, text: str = GATED, *arguments: str
) -> tuple[subprocess.Popen[bytes], Path]:
    gate = flowcron.folder / "gate"
    flowcron.configure(text.format(gate=gate))
    scheduler = flowcron.start_and_wait(*arguments)
    assert flowcron.run("run", "gated", "-d").returncode == 0
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))
    return scheduler, gate


def test_it_waits_for_running_jobs_and_starts_no_new_ones_when_it_is_told_to_stop(
    flowcron: Installed,
) -> None:
    scheduler, gate = begin(flowcron)

    scheduler.send_signal(signal.SIGTERM)
    poll(lambda: "waiting for gated" in flowcron.log())
    refused = flowcron.run("run", "gated", "--force", "-d")
    gate.touch()

    assert scheduler.wait(30) == 0
    assert refused.returncode == 6
    assert flowcron.rows("SELECT state FROM runs") == [("success",)]
    assert flowcron.rows("SELECT stop_reason FROM schedulers") == [("SIGTERM",)]


def test_a_second_signal_cancels_what_still_runs(flowcron: Installed) -> None:
    scheduler, _ = begin(flowcron)

    scheduler.send_signal(signal.SIGINT)
    poll(lambda: "waiting for gated" in flowcron.log())
    scheduler.send_signal(signal.SIGINT)

    assert scheduler.wait(30) == 0
    assert flowcron.rows("SELECT state, reason, exit_code FROM runs") == [
        ("cancelled", "cancelled by SIGINT", 9)
    ]


def test_what_runs_longer_than_the_grace_is_cancelled(flowcron: Installed) -> None:
    scheduler, _ = begin(flowcron, '[scheduler]\nshutdown_grace = "1s"\n' + GATED)

    assert flowcron.stop(scheduler) == 0

    assert flowcron.rows("SELECT state, reason FROM runs") == [
        ("cancelled", "cancelled by SIGTERM, after 1 s")
    ]


def test_running_jobs_are_left_to_the_next_scheduler_when_it_is_told_so(
    flowcron: Installed,
) -> None:
    scheduler, gate = begin(flowcron, GATED, "--on-stop", "leave")
    (before,) = flowcron.rows("SELECT pid, started_at FROM attempts")

    assert flowcron.stop(scheduler) == 0
    assert flowcron.rows("SELECT state FROM runs") == [("running",)]
    flowcron.start_and_wait()
    gate.touch()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'success'"))

    assert flowcron.rows("SELECT pid, started_at FROM attempts") == [before]


def test_the_stop_command_waits_until_the_scheduler_has_ended(flowcron: Installed) -> None:
    scheduler, _ = begin(flowcron)

    stopped = flowcron.run("stop", "--now")

    assert stopped.returncode == 0, stopped.stderr
    assert scheduler.wait(5) == 0
    assert flowcron.run("status").returncode == 5
    assert flowcron.run("stop").returncode == 5


@pytest.mark.parametrize("how", ["command", "signal"])
def test_a_reload_takes_up_new_jobs_and_lets_old_ones_finish_as_they_were(
    flowcron: Installed, how: str
) -> None:
    scheduler, gate = begin(flowcron)
    flowcron.configure('[jobs.new]\nevery = "1s"\ncommand = "echo new"\n')

    if how == "command":
        done = flowcron.run("reload")
        assert done.returncode == 0, done.stderr
        assert "added new" in done.stdout
        assert "removed gated" in done.stdout
    else:
        scheduler.send_signal(signal.SIGHUP)
    poll(
        lambda: flowcron.rows(
            "SELECT 1 FROM runs JOIN jobs ON jobs.id = job_id "
            "WHERE name = 'new' AND state = 'success'"
        )
    )
    gate.touch()
    poll(
        lambda: flowcron.rows(
            "SELECT 1 FROM runs JOIN jobs ON jobs.id = job_id "
            "WHERE name = 'gated' AND state = 'success'"
        )
    )
    shown = flowcron.json("history", "gated")["runs"]
    assert [(run["job"], run["state"]) for run in shown] == [("gated", "success")]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('[jobs.gated]\ncommand = "true"\ntimeout = "10x"\n', '"10x" is not a duration'),
        ('[jobs.gated\ncommand = "true"\n', "is not closed"),
        ('[jobs.a]\ncommand = "true"\n[jobs.a]\ncommand = "false"\n', "jobs.a"),
        ('[jobs.a]\ncommand = "true"\ncomand = "false"\n', "comand"),
    ],
)
def test_a_reload_of_a_broken_file_changes_nothing_and_exits_3(
    flowcron: Installed, broken: str, said: str
) -> None:
    scheduler, gate = begin(flowcron)
    flowcron.configure(broken)

    done = flowcron.run("reload")

    assert done.returncode == 3
    assert said in done.stderr
    assert scheduler.poll() is None
    gate.touch()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'success'"))


def test_a_changed_file_is_noticed_without_being_told(flowcron: Installed) -> None:
    begin(flowcron)

    flowcron.configure('[jobs.new]\ncommand = "true"\n')

    poll(lambda: "added new" in flowcron.log(), seconds=40)


def test_a_job_that_is_running_is_not_started_again_by_hand(flowcron: Installed) -> None:
    begin(flowcron)

    refused = flowcron.run("run", "gated", "-d")

    assert refused.returncode == 6
    assert "already running (run 1)" in refused.stderr
    assert len(flowcron.rows("SELECT * FROM runs")) == 1
    assert flowcron.run("run", "gated", "-d", "--force").returncode == 0


def test_the_exit_code_of_an_attached_run_is_the_jobs(flowcron: Installed) -> None:
    flowcron.configure(
        '[jobs.seven]\ncommand = "echo out; echo err >&2; exit 7"\n'
        '[jobs.slow]\ncommand = ["sleep", "60"]\ntimeout = "1s"\n'
        '[jobs.gone]\ncommand = ["no-such-program"]\n'
        '[jobs.killed]\ncommand = "kill -9 $$"\n'
        '[jobs.fine]\ncommand = "true"\n'
        "[jobs.folder]\ncommand = ['/']\n"
    )
    expected = {"seven": 7, "slow": 124, "gone": 127, "killed": 137, "fine": 0, "folder": 126}

    alone = {job: flowcron.run("run", job).returncode for job in expected}
    flowcron.start_and_wait()
    together = {job: flowcron.run("run", job).returncode for job in expected}

    assert alone == expected
    assert together == expected


def test_the_output_of_an_attached_run_is_followed_to_its_last_byte(flowcron: Installed) -> None:
    flowcron.configure('[jobs.talk]\ncommand = "seq 1 20000; echo end >&2"\n')
    flowcron.start_and_wait()

    followed = flowcron.run("run", "talk")

    assert followed.stdout.split() == [*map(str, range(1, 20001)), "end"]


def test_an_unknown_job_is_named_with_one_that_was_meant(flowcron: Installed) -> None:
    flowcron.configure('[jobs.backup]\ncommand = "true"\n')
    flowcron.start_and_wait()

    refused = flowcron.run("run", "bakup", "-d")

    assert refused.returncode == 4
    assert 'did you mean "backup"?' in refused.stderr


def test_a_foreground_run_holds_off_the_scheduler_and_others(flowcron: Installed) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(GATED.format(gate=gate))
    alone = subprocess.Popen(
        flowcron.argv("run", "gated"), cwd=flowcron.folder, stdout=subprocess.DEVNULL
    )
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))

    flowcron.start_and_wait()
    refused = flowcron.run("run", "gated", "-d")
    gate.touch()

    assert refused.returncode == 6
    assert alone.wait(30) == 0
    assert flowcron.rows("SELECT state, attempts FROM runs") == [("success", 1)]


def test_events_are_json_lines_when_they_are_asked_for(flowcron: Installed) -> None:
    flowcron.configure('[jobs.seven]\ncommand = "echo why; exit 7"\n')
    flowcron.start_and_wait("--log-format", "json")
    flowcron.run("run", "seven")

    lines = [json.loads(line) for line in flowcron.log().splitlines()]
    (end,) = [line for line in lines if line["event"] == "ended"]
    assert (end["job"], end["state"], end["msg"], end["last_line"]) == (
        "seven",
        "failed",
        "exit 7",
        "why",
    )
