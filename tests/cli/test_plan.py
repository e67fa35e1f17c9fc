"""flowcron run -n: what would run, and exactly how."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowcron.app.asking import LOCK
from terminal import Cli

ME = pwd.getpwuid(os.geteuid())
TEXT = f"""
[pools]
db = 2
[jobs.backup]
command = "pg_dump shop | zstd"
cwd = "/srv"
env = {{ LANG = "C.UTF-8", NOTE = "a [b] c" }}
env_file = "backup.env"
inherit_env = false
secrets = {{ PGPASSWORD = "file:secret.pass", B = "env:B" }}
user = {ME.pw_uid}
umask = "007"
nice = 19
memory = "1GiB"
cpu_time = "10m"
open_files = 16
stdin = "first\\nsecond\\n"
timeout = "2h"
kill_after = "5s"
retry = {{ times = 5, delay = "30s", exit_codes = [75], stop_exit_codes = [2, 3] }}
pool = "db"
priority = 5
success_codes = [0, 4]
expect = {{ file = "/backup/*.zst", fresh = true, min_size = "1MB", min_output = "1B" }}
[jobs.load]
after = "backup"
command = ["psql", "-f", "load it.sql"]
[jobs.report]
after = "load"
when = "always"
command = "echo report"
"""


@pytest.fixture
def configured(cli: Cli) -> Cli:
    (cli.folder / "schedules.toml").write_text(TEXT, encoding="utf-8")
    (cli.folder / "secret.pass").touch(mode=0o600)
    (cli.folder / "secret.pass").write_text("hunter2-hunter2", encoding="utf-8")
    (cli.folder / "backup.env").write_text("PGHOST=hunter2-host\nPGPORT=5432\n", encoding="utf-8")
    cli.environment.setenv("B", "hunter2-hunter2")
    return cli


def plan(cli: Cli, *arguments: str) -> dict[str, Any]:
    said = cli.piped("run", *arguments, "-n", "--json")
    assert said.code == 0, said.err
    document = json.loads(said.out)
    assert document["schema"] == "flowcron.plan/1"
    (found,) = document["plans"]
    assert isinstance(found, dict)
    return found


def test_a_person_sees_everything_that_a_job_gets(configured: Cli) -> None:
    said = configured.on_terminal("run", "backup", "-n", columns=200)

    groups = ", ".join(map(str, sorted(set(os.getgrouplist(ME.pw_name, ME.pw_gid)))))
    who = f"{ME.pw_name} · uid {ME.pw_uid} · gid {ME.pw_gid} · groups {groups}"
    secret = configured.folder / "secret.pass"
    retry = "retry 5 (30s, 1m, 2m, 4m, …), only on exit code 75, never on exit code 2 or 3"
    policies = ["timeout 2h", retry, "overlap skip", "pool db", "priority 5", "log 10 MB"]
    assert said.lines[0].split() == ["would", "run", "backup", "schedules.toml:4"]
    assert [line.strip() for line in said.lines[1:]] == [
        "argv        /bin/sh -c 'pg_dump shop | zstd'",
        "in          /srv",
        f"as          {who}      umask 007",
        "inherits    nothing but the few variables that cron gives",
        f"env file    {configured.folder / 'backup.env'}      PGHOST, PGPORT",
        "env         LANG=C.UTF-8      NOTE=a [b] c",
        "limits      memory 1GiB      processor time 10m      16 open files      nice 19",
        'stdin       13 bytes: "first"',
        f"secrets     PGPASSWORD •••  (file:{secret})      B •••  (env:B)",
        f"policy      {' · '.join(policies)}",
        "expect      fresh file /backup/*.zst of 1MB up · output of 1B up",
        "success     exit code 0 or 4",
        "then        load, report",
        "ends        after 2h at the latest: SIGTERM, and SIGKILL 5s later",
        "through     this command, in the foreground: no scheduler is running",
    ]
    assert not configured.history.exists()


def test_a_program_gets_the_same(configured: Cli) -> None:
    found = plan(configured, "backup")

    assert found["argv"] == ["/bin/sh", "-c", "pg_dump shop | zstd"]
    assert found["as"]["uid"] == ME.pw_uid
    assert found["env"] == {"LANG": "C.UTF-8", "NOTE": "a [b] c"}
    assert found["env_file_names"] == ["PGHOST", "PGPORT"]
    assert found["secrets"] == {
        "PGPASSWORD": f"file:{configured.folder / 'secret.pass'}",
        "B": "env:B",
    }
    assert (found["umask"], found["memory"], found["cpu_time"]) == ("007", 2**30, 600.0)
    assert found["stdin"] == {"bytes": 13, "first_line": "first"}
    assert (found["retry"]["times"], found["retry"]["delay"]) == (5, 30.0)
    assert (found["through"], found["then"]) == ("foreground", ["load", "report"])


@pytest.mark.parametrize("format_", ["table", "plain", "json", "jsonl", "csv"])
def test_no_secret_is_told(configured: Cli, format_: str) -> None:
    for said in (
        configured.on_terminal("run", "backup", "-n", "--format", format_),
        configured.piped("run", "backup", "-n", "--format", format_),
    ):
        assert said.code == 0
        assert "PGPASSWORD" in said.out
        assert "hunter2" not in said.out + said.err


def test_the_options_of_a_run_change_what_would_run(configured: Cli) -> None:
    changed = plan(configured, "backup", "--no-retry", "--alone", "--force")

    assert (changed["retry"]["times"], changed["then"], changed["force"]) == (0, [], True)
    said = configured.on_terminal("run", "backup", "-n", "--no-retry", "--force").out
    assert "no retry" in said
    assert "also beside other runs of it (--force)" in said


def test_a_plain_job_says_little(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text('[jobs.a]\ncommand = "x"\n', encoding="utf-8")

    said = cli.on_terminal("run", "a", "-n")

    assert [line.split()[0] for line in said.lines[1:]] == [
        *("argv", "in", "as", "inherits", "policy", "ends", "through")
    ]
    assert "inherits    this environment" in said.out
    assert "there is no timeout" in said.out


def test_a_file_of_variables_that_cannot_be_read_is_told(configured: Cli) -> None:
    (configured.folder / "backup.env").unlink()

    assert plan(configured, "backup")["env_file_names"] is None
    shown = configured.on_terminal("run", "backup", "-n").out
    assert "backup.env does not exist" in " ".join(shown.split())


def test_several_jobs_are_told_one_after_the_other(configured: Cli) -> None:
    document = json.loads(configured.piped("run", "load", "report", "-n", "--json", "job,argv").out)

    assert document["plans"] == [
        {"job": "load", "argv": ["psql", "-f", "load it.sql"]},
        {"job": "report", "argv": ["/bin/sh", "-c", "echo report"]},
    ]
    assert configured.on_terminal("run", "load", "report", "-n").out.count("would run") == 2


@contextmanager
def lock_held(path: Path) -> Iterator[int]:
    """Hold a lock in another process, as a scheduler does, and tell its pid."""
    path.parent.mkdir()
    code = "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.lockf(f,2); print(flush=True); input()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.stdin.write(b"\n")


def test_the_scheduler_is_named_where_one_would_start_it(configured: Cli) -> None:
    with lock_held(configured.history.parent / LOCK) as pid:
        found = plan(configured, "load")
        said = configured.on_terminal("run", "load", "-n").out

    assert found["through"] == "scheduler"
    assert found["as"]["uid"] == ME.pw_uid
    assert f"through     the scheduler, pid {pid}" in said
    assert "inherits    the scheduler's environment" in said


def test_json_is_for_dry_runs_alone(configured: Cli) -> None:
    said = configured.piped("run", "load", "--json")

    assert said.code == 2
    assert "it goes with --dry-run" in said.err


def test_a_job_that_is_not_there_is_named(configured: Cli) -> None:
    said = configured.piped("run", "laod", "-n")

    assert said.code == 4
    assert 'did you mean "load"?' in said.err


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_screen(configured: Cli, columns: int) -> None:
    for arguments in (("run", "backup", "-n"), ("show", "backup")):
        said = configured.on_terminal(*arguments, columns=columns)

        assert max(map(len, said.lines)) <= columns
