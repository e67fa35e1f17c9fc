"""Post-conditions, from schedules.toml to history, for real."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

RETRY = 'retry = { times = 1, delay = "100ms", jitter = 0 }'
HANGS = (
    '[jobs.hangs]\ncommand = "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"\n'
    "expect = { stdout_match = '^(a+)+$' }\n"
)


def dump(command: str, *more: str) -> str:
    expect = 'expect = { file = "shop-*.sql", fresh = true, min_size = "1KB" }'
    return "\n".join(("[jobs.dump]", f"command = '''{command}'''", expect, *more, ""))


@pytest.mark.parametrize("foreground", [True, False])
def test_an_empty_dump_with_exit_0_is_a_failure_that_names_the_file_and_is_retried(
    flowcron: Installed, foreground: bool
) -> None:
    # The second attempt writes a real one.
    command = "test $FLOWCRON_ATTEMPT = 1 && : > shop-1.sql || seq 1 500 > shop-2.sql"
    flowcron.configure(dump(command, RETRY) + dump("exit 0").replace("dump", "nothing"))
    if not foreground:
        flowcron.start_and_wait()

    nothing = flowcron.run("run", "nothing")
    done = flowcron.run("run", "dump")

    folder = flowcron.folder
    assert nothing.returncode != 0
    assert flowcron.rows("SELECT reason FROM runs WHERE id = 1") == [
        (f"no file matches {folder}/shop-*.sql",)
    ]
    assert done.returncode == 0
    assert flowcron.rows(
        "SELECT state, exit_code, reason FROM attempts WHERE run_id = 2 ORDER BY number"
    ) == [
        ("failed", 0, f"{folder}/shop-1.sql is empty (expected at least 1.0 KB)"),
        ("success", 0, None),
    ]


def test_what_a_job_prints_is_judged_also_when_it_is_much(flowcron: Installed) -> None:
    flowcron.configure(
        "[jobs.much]\ncommand = 'seq 1 20000; echo done'\nexpect = { stdout_match = '^done$' }\n"
        "[jobs.bad]\ncommand = 'echo ERROR'\nexpect = { stdout_not_match = 'ERROR' }\n"
        "[jobs.mute]\ncommand = 'true'\nexpect = { min_output = '1KB' }\n"
    )
    flowcron.start_and_wait()

    codes = [flowcron.run("run", name).returncode for name in ("much", "bad", "mute")]

    assert codes[0] == 0
    assert all(codes[1:])
    assert flowcron.rows("SELECT state, reason FROM runs ORDER BY id") == [
        ("success", None),
        ("failed", 'stdout matches "ERROR"'),
        ("failed", "wrote 0 bytes, expected at least 1.0 KB"),
    ]


def test_a_pattern_that_takes_for_ever_fails_its_run_while_others_run(
    flowcron: Installed,
) -> None:
    flowcron.configure(HANGS + '[jobs.quick]\ncommand = "true"\n')
    flowcron.start_and_wait()
    assert flowcron.run("run", "hangs", "-d").returncode == 0
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))

    assert flowcron.run("run", "quick").returncode == 0
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE id = 1 AND state = 'failed'"))

    assert flowcron.rows("SELECT reason, exit_code FROM runs WHERE id = 1") == [
        ("could not be checked: it took more than 10 s", 0)
    ]


def test_what_was_being_judged_when_the_scheduler_was_killed_is_judged_again(
    flowcron: Installed,
) -> None:
    flowcron.configure(dump("seq 1 500 > shop-1.sql"))
    doomed = flowcron.start_and_wait(FLOWCRON_TEST="1", FLOWCRON_CRASH_AT="judge-asked")
    flowcron.run("run", "dump", "-d")
    assert doomed.wait(30) == -signal.SIGKILL
    assert flowcron.rows("SELECT finished_at FROM runs") == [(None,)]

    flowcron.start_and_wait()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'success'"))

    assert flowcron.rows("SELECT attempts, reason FROM runs") == [(1, None)]


def test_a_scheduler_that_stops_waits_for_what_is_being_judged(flowcron: Installed) -> None:
    flowcron.configure(HANGS)
    scheduler = flowcron.start_and_wait()
    flowcron.run("run", "hangs", "-d")
    poll(lambda: "aaaa" in flowcron.run("logs", "hangs").stdout)

    assert flowcron.stop(scheduler) == 0

    assert flowcron.rows("SELECT state FROM runs") == [("failed",)]
