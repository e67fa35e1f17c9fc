"""Secrets and files of variables, from schedules.toml to the process, for real."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

VALUE = "s3cret-hunter2"
SHOW = "echo \"$PGPASSWORD, $MODE\" > '{told}'"


def private(path: Path, text: str = VALUE + "\n") -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def slow_program(folder: Path) -> Path:
    """Make a program that tells the secret once its gate is there."""
    script = folder / "slow"
    script.write_text(
        f"#!/bin/sh\nwhile [ ! -e '{folder}/gate' ]; do sleep 0.05; done\necho {VALUE}\n"
    )
    script.chmod(0o700)
    return script


def job(name: str, command: str, *more: str) -> str:
    return "\n".join((f"[jobs.{name}]", f"command = '''{command}'''", *more, ""))


def run_detached(flowcron: Installed, name: str) -> None:
    done = flowcron.run("run", name, "-d")
    assert done.returncode == 0, done.stderr


def is_kept_anywhere(folder: Path, text: str) -> list[str]:
    """Return the files of a state directory that have the text in them."""
    files = [path for path in (folder / ".flowcron").rglob("*") if path.is_file()]
    return [path.name for path in files if text.encode() in path.read_bytes()]


@pytest.mark.parametrize("foreground", [True, False])
def test_a_secret_reaches_the_job_and_is_kept_nowhere(
    flowcron: Installed, foreground: bool
) -> None:
    told = flowcron.folder / "told"
    private(flowcron.folder / "pg.pass")
    (flowcron.folder / "job.env").write_text("MODE=from the file\nPGPASSWORD=another\n")
    flowcron.configure(
        job(
            "dump",
            SHOW.format(told=told),
            'secrets = { PGPASSWORD = "file:pg.pass" }',
            'env_file = "job.env"',
        )
    )
    if not foreground:
        flowcron.start_and_wait()

    done = flowcron.run("run", "dump")

    assert done.returncode == 0, done.stderr
    assert told.read_text() == f"{VALUE}, from the file\n"
    assert is_kept_anywhere(flowcron.folder, "from the file") == []
    assert is_kept_anywhere(flowcron.folder, VALUE) == []
    assert VALUE not in flowcron.log() + done.stdout + done.stderr


@pytest.mark.parametrize("foreground", [True, False])
def test_a_secret_that_is_not_there_says_so_in_the_reason_and_is_tried_again(
    flowcron: Installed, foreground: bool
) -> None:
    retry = 'retry = { times = 5, delay = "100ms", jitter = 0 }'
    flowcron.configure(
        job("dump", "true", 'secrets = { PGPASSWORD = "file:pg.pass" }', retry)
        + job("never", "true", 'secrets = { TOKEN = "env:FLOWCRON_NO_SUCH" }')
    )
    if not foreground:
        flowcron.start_and_wait()

    refused = flowcron.run("run", "never")

    assert refused.returncode == 125
    ((reason, started),) = flowcron.rows("SELECT reason, started_at FROM runs WHERE id = 1")
    assert reason == (
        "could not start: secret TOKEN: env:FLOWCRON_NO_SUCH is not set; "
        "set FLOWCRON_NO_SUCH in the environment of the scheduler"
    )
    assert started is None
    assert flowcron.run("run", "dump", "--no-retry").returncode == 125
    private(flowcron.folder / "pg.pass")
    assert flowcron.run("run", "dump").returncode == 0


def test_a_slow_secret_delays_no_other_job(flowcron: Installed) -> None:
    script = slow_program(flowcron.folder)
    secrets = f'secrets = {{ PGPASSWORD = "command:{script}" }}'
    retry = (
        'retry = { times = 50, delay = "100ms" }'  # where the rest takes longer than a secret may
    )
    flowcron.configure(job("slow", "true", secrets, retry) + job("quick", "true"))
    flowcron.start_and_wait()

    run_detached(flowcron, "slow")
    assert flowcron.run("run", "quick").returncode == 0
    assert flowcron.rows("SELECT started_at FROM runs WHERE id = 1") == [(None,)]
    (flowcron.folder / "gate").touch()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE id = 1 AND state = 'success'"))

    ((slow, quick),) = flowcron.rows(
        "SELECT a.started_at, b.finished_at FROM runs a, runs b WHERE a.id = 1 AND b.id = 2"
    )
    assert slow > quick


def test_an_attempt_that_waits_for_its_secret_starts_once_when_the_scheduler_is_killed(
    flowcron: Installed,
) -> None:
    witness = flowcron.folder / "witness"
    secrets = f'secrets = {{ PGPASSWORD = "command:{slow_program(flowcron.folder)}" }}'
    flowcron.configure(job("slow", f"echo $FLOWCRON_RUN_ID >> '{witness}'", secrets))
    first = flowcron.start_and_wait()
    run_detached(flowcron, "slow")

    flowcron.kill(first)
    flowcron.start_and_wait()
    (flowcron.folder / "gate").touch()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'success'"))

    assert witness.read_text() == "1\n"
    assert flowcron.rows("SELECT attempts FROM runs") == [(1,)]


def test_a_run_that_is_cancelled_while_its_secret_is_read_never_starts(
    flowcron: Installed,
) -> None:
    witness = flowcron.folder / "witness"
    secrets = f'secrets = {{ PGPASSWORD = "command:{slow_program(flowcron.folder)}" }}'
    flowcron.configure(job("slow", f"touch '{witness}'", secrets))
    scheduler = flowcron.start_and_wait("--on-stop", "cancel")
    run_detached(flowcron, "slow")

    assert flowcron.stop(scheduler) == 0

    assert flowcron.rows("SELECT state, reason FROM runs") == [
        ("cancelled", "cancelled by SIGTERM")
    ]
    assert not witness.exists()


def test_a_running_job_whose_supervisor_died_is_adopted_with_its_secret(
    flowcron: Installed,
) -> None:
    gate = flowcron.folder / "gate"
    private(flowcron.folder / "pg.pass")
    flowcron.configure(
        job(
            "long",
            f"while [ ! -e '{gate}' ]; do sleep 0.05; done; exit 7",
            'secrets = { PGPASSWORD = "file:pg.pass" }',
        )
    )
    flowcron.start_and_wait()
    run_detached(flowcron, "long")
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))
    dead = flowcron.supervisor_pid()

    os.kill(dead, 9)
    poll(lambda: flowcron.supervisor_pid() != dead)
    gate.touch()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'failed'"))

    assert flowcron.rows("SELECT exit_code, attempts FROM runs") == [(7, 1)]


def test_check_warns_of_what_is_not_there_and_refuses_what_others_can_read(
    flowcron: Installed,
) -> None:
    exposed = private(flowcron.folder / "pg.pass")
    secrets = 'secrets = { A = "file:none", B = "env:FLOWCRON_NO", C = "file:pg.pass" }'
    flowcron.configure(job("dump", "true", secrets, 'env_file = "job.env"'))

    warned = flowcron.run("check", "-o", "json")
    exposed.chmod(0o644)
    refused = flowcron.run("check", "-o", "json")

    assert warned.returncode == 0
    for text in ('no file \\"none\\"', "FLOWCRON_NO is not set", "job.env"):
        assert text in warned.stdout
    assert refused.returncode == 3
    assert "can be read by others" in refused.stdout
