"""How attempts are started and how their ends are told."""

from __future__ import annotations

import base64
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from asking import InProcess
from flowcron.supervisor.core import Supervisor


def text_of(message: dict[str, object]) -> str:
    return base64.b64decode(str(message["output"])).decode()


@pytest.mark.parametrize("code", [0, 1, 137, 255])
def test_an_exit_code_is_told_as_it_was(supervisor: InProcess, code: int) -> None:
    exited = supervisor.outcome(f"exit {code}")

    assert os.WIFEXITED(exited["status"])
    assert os.WEXITSTATUS(exited["status"]) == code
    assert exited["why"] == "exit"


def test_death_by_a_signal_is_not_taken_for_an_exit_code(supervisor: InProcess) -> None:
    exited = supervisor.outcome("kill -KILL $$")

    assert os.WIFSIGNALED(exited["status"])
    assert os.WTERMSIG(exited["status"]) == signal.SIGKILL


def test_an_attempt_is_said_to_have_started_before_it_ended(supervisor: InProcess) -> None:
    supervisor.shell("exit 0")

    started, exited = supervisor.wait_for("started"), supervisor.wait_for("exited")

    assert started["pid"] == exited["pid"]
    assert started["at"] == exited["started_at"] <= exited["at"]


def test_arguments_reach_the_program_untouched(supervisor: InProcess) -> None:
    arguments = ["a b", "$HOME", "*", "é", "", "'\""]
    supervisor.spawn(
        sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))", *arguments
    )

    exited = supervisor.wait_for("exited")

    assert json.loads(text_of(exited)) == arguments


def test_a_job_has_the_common_environment_its_own_and_the_token(supervisor: InProcess) -> None:
    supervisor.core.inherit({"PATH": os.environ["PATH"], "A": "common", "B": "common"})

    exited = supervisor.outcome('echo "$A $B $FLOWCRON_TOKEN"', env={"B": "own"}, token="t-1")

    assert text_of(exited) == "common own t-1\n"


def test_a_job_leads_a_session_of_its_own_and_reads_nothing(supervisor: InProcess) -> None:
    exited = supervisor.outcome("ps -o sid= -p $$; echo $$; wc -c")

    session, pid, count = text_of(exited).split()
    assert session == pid
    assert count == "0"


def test_a_job_starts_with_the_default_signals(supervisor: InProcess) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    exited = supervisor.outcome("kill -TERM $$; kill -PIPE $$")
    signal.signal(signal.SIGTERM, before)

    assert os.WTERMSIG(exited["status"]) == signal.SIGTERM


def test_a_job_gets_the_limit_of_descriptors_it_is_to_have(tmp_path: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    heard: list[dict[str, object]] = []
    core = Supervisor(str(tmp_path), emit=heard.append, environment={}, limit=(123, hard))
    asked = InProcess.__new__(InProcess)  # its own would have no limit
    asked.core, asked.heard = core, heard

    exited = asked.outcome("ulimit -n")

    assert text_of(exited) == "123\n"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] != 123
    core.shut()


def test_a_program_is_looked_up_on_the_path_that_the_job_has(
    supervisor: InProcess, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "only-here"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho found\n")
    program.chmod(0o755)

    supervisor.spawn("only-here", env={"PATH": f"/nowhere:{program.parent}"})

    assert text_of(supervisor.wait_for("exited")) == "found\n"


def test_a_job_starts_in_its_folder_and_the_supervisor_returns_to_its_own(
    supervisor: InProcess, tmp_path: Path
) -> None:
    before = Path.cwd()

    exited = supervisor.outcome("pwd", cwd=str(tmp_path))

    assert text_of(exited) == f"{tmp_path}\n"
    assert Path.cwd() == before


def test_a_missing_folder_is_named_as_the_reason(supervisor: InProcess) -> None:
    supervisor.shell("exit 0", cwd="/no/such/folder")

    failed = supervisor.wait_for("spawn_failed")

    assert (failed["what"], failed["error"]) == ("cwd", "ENOENT")
    assert "/no/such/folder" in failed["text"]


@pytest.mark.parametrize(
    ("content", "mode", "error", "words"),
    [
        (None, 0, "ENOENT", "No such file"),
        ("#!/bin/sh\n", 0o644, "EACCES", "Permission denied"),
        ("no program", 0o755, "ENOEXEC", "#!"),
        ("#!/no/interpreter\n", 0o755, "ENOENT", "first line"),
    ],
)
def test_a_program_that_cannot_be_run_is_told_with_the_reason(
    supervisor: InProcess,
    tmp_path: Path,
    content: str | None,
    mode: int,
    error: str,
    words: str,
) -> None:
    program = tmp_path / "program"
    if content is not None:
        program.write_text(content)
        program.chmod(mode)
    supervisor.spawn(str(program))

    failed = supervisor.wait_for("spawn_failed")

    assert (failed["what"], failed["error"]) == ("exec", error)
    assert words in failed["text"]


def test_a_command_that_is_on_no_path_is_told_with_the_path(supervisor: InProcess) -> None:
    supervisor.spawn("no-such-command", env={"PATH": "/usr/bin:/bin"})

    failed = supervisor.wait_for("spawn_failed")

    assert (failed["what"], failed["error"]) == ("exec", "ENOENT")
    assert failed["text"] == "no-such-command: not found on PATH (/usr/bin:/bin)"


@pytest.mark.parametrize(
    "fields",
    [
        {"argv": ["/bin/echo", "\0"]},
        {"argv": []},
        {"env": {"A=B": "c"}},
        {"env": {"A": "\ud800"}},
        {"cwd": "\0"},
    ],
)
def test_what_no_system_accepts_fails_that_run_only(
    supervisor: InProcess, fields: dict[str, Any]
) -> None:
    supervisor.spawn("/bin/true", **fields)

    failed = supervisor.wait_for("spawn_failed")

    assert failed["error"] == "EINVAL"
    assert os.WEXITSTATUS(supervisor.outcome("exit 3", run=2)["status"]) == 3


def test_without_descriptors_a_run_fails_for_want_of_resources(supervisor: InProcess) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 1, before[1]))
    supervisor.shell("exit 0")
    resource.setrlimit(resource.RLIMIT_NOFILE, before)

    failed = supervisor.wait_for("spawn_failed")

    assert (failed["what"], failed["error"]) == ("resources", "EMFILE")
    assert supervisor.outcome("exit 0", run=2)["status"] == 0


def test_an_attempt_that_is_known_is_not_started_again(
    supervisor: InProcess, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"

    for _ in range(3):
        supervisor.shell(f"echo once >> {witness}")
    supervisor.wait_for("exited")
    supervisor.shell(f"echo twice >> {witness}")
    supervisor.send({"op": "list"})
    supervisor.wait_for("listed")

    assert witness.read_text() == "once\n"


def test_each_end_is_told_again_until_it_is_acknowledged(supervisor: InProcess) -> None:
    first = supervisor.outcome("exit 4")
    supervisor.send({"op": "list"})
    again = supervisor.wait_for("exited")
    supervisor.ack()
    supervisor.send({"op": "list"})
    supervisor.wait_for("listed")
    supervisor.wait_for("listed")

    assert again == first
    assert not [message for message in supervisor.heard if message["ev"] == "exited"]
    assert supervisor.core.is_idle


def test_a_running_attempt_is_listed_as_started_and_cannot_be_acknowledged(
    supervisor: InProcess,
) -> None:
    supervisor.shell("sleep 60")
    started = supervisor.wait_for("started")

    supervisor.ack()
    supervisor.send({"op": "list"})

    assert supervisor.wait_for("started") == started


def test_what_a_process_used_is_told(supervisor: InProcess) -> None:
    use = f"exec {sys.executable} -c 'x = bytes(1) * 400_000_000'"

    exited = supervisor.outcome(use)

    assert exited["cpu"] > 1000
    assert exited["max_rss"] > 390_000


def test_memory_that_cannot_be_told_from_that_of_the_supervisor_is_not_told(
    supervisor: InProcess,
) -> None:
    assert supervisor.outcome("true")["max_rss"] is None
