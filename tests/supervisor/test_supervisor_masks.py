"""Secrets of jobs: in no log, no index, no message, no last line."""

from __future__ import annotations

import base64
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from asking import InProcess, Processes
from flowcron.supervisor.output_read import Gap, LogReader, Piece
from flowcron.supervisor.protocol import Message

SECRET = "hunter2-and-more"
PRINT_IN_PARTS = """
import os, sys, time
for part in sys.argv[1:]:
    os.write(1, part.encode())
    time.sleep(0.02)
"""


def text_of(message: Message) -> str:
    return base64.b64decode(message["output"]).decode()


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_secret_is_hidden_also_when_it_comes_in_parts(supervisor: InProcess) -> None:
    parts = ["before ", *SECRET, " after\n"]
    supervisor.spawn(sys.executable, "-c", PRINT_IN_PARTS, *parts, mask=[SECRET])

    exited = supervisor.wait_for("exited")

    assert text_of(exited) == "before ••• after\n"
    assert exited["last"] == "before ••• after"
    assert exited["bytes"] == len("before ••• after\n".encode())
    assert SECRET.encode() not in everything_on_disk(supervisor.state_dir)


def test_a_prompt_is_shown_before_more_comes(supervisor: InProcess) -> None:
    supervisor.shell("printf 'name? '; sleep 60", mask=[SECRET])
    log = supervisor.state_dir / "logs/0/1.1.0.log"

    supervisor.until(log.exists)

    assert log.read_text() == "name? "


def test_what_only_begins_like_a_secret_is_shown_at_the_end(supervisor: InProcess) -> None:
    exited = supervisor.outcome(f"printf {SECRET[:-1]}", mask=[SECRET])

    assert text_of(exited) == SECRET[:-1]


def test_each_stream_has_its_own_beginnings(supervisor: InProcess) -> None:
    script = f"printf {SECRET[:5]}; sleep 0.1; echo error >&2; sleep 0.1; echo {SECRET[5:]}"

    exited = supervisor.outcome(script, mask=[SECRET])

    assert text_of(exited) == "error\n•••\n"


def test_a_masked_log_past_its_limit_has_no_gap_but_one(supervisor: InProcess) -> None:
    script = f"i=0; while [ $i -lt 2000 ]; do echo $i {SECRET}; i=$((i+1)); done"

    exited = supervisor.outcome(script, mask=[SECRET], log_limit=8000)

    with LogReader(str(supervisor.state_dir / "logs/0/1.1")) as reader:
        parts = list(reader.read())
        rest = reader.rest(exited["bytes"])
    gaps = [part.elided for part in parts if isinstance(part, Gap)]
    kept = b"".join(part.content for part in parts if isinstance(part, Piece))
    written = b"".join(f"{number} •••\n".encode() for number in range(2000))
    assert rest is None
    assert gaps == [exited["elided"]]
    assert exited["bytes"] == len(written)
    assert written.startswith(kept[:4000])
    assert written.endswith(kept[4000:])


def test_why_a_process_could_not_start_is_told_without_its_secrets(supervisor: InProcess) -> None:
    supervisor.spawn("no-such", env={"PATH": f"/{SECRET}"}, mask=[SECRET])

    failed = supervisor.wait_for("spawn_failed")

    assert failed["text"] == "no-such: not found on PATH (/•••)"


def test_a_secret_that_is_no_text_fails_that_run_only(supervisor: InProcess) -> None:
    supervisor.spawn("true", mask=["\ud800"])

    assert supervisor.wait_for("spawn_failed")["error"] == "EINVAL"
    assert supervisor.outcome("exit 0", run=2)["status"] == 0


def flood(supervisor: InProcess, **fields: Any) -> float:
    """Return how many MB of output a second are taken."""
    begun = time.monotonic()
    exited = supervisor.outcome("head -c 200000000 /dev/zero", **fields)
    assert exited["bytes"] == 200_000_000
    return 200 / (time.monotonic() - begun)


def test_a_flood_is_masked_about_as_fast_as_it_is_written(supervisor: InProcess) -> None:
    masked = flood(supervisor, run=1, mask=[SECRET, "another secret"])
    plain = flood(supervisor, run=2)

    assert masked >= min(100, plain / 4)


def adopt(started: Message, token: str, **fields: object) -> Message:
    return {
        "op": "adopt",
        "run": 1,
        "attempt": 1,
        "token": token,
        "pid": started["pid"],
        "pid_started": started["pid_started"],
        "pid_inode": started["pid_inode"],
        "started_at": started["at"],
        "deadline": None,
        "kill_after": 10.0,
        "log": "logs/0/1.1",
        "log_limit": 1_000_000,
    } | fields


@pytest.fixture
def halfway(processes: Processes) -> Message:
    """Return the start of a job that has written the first half of a secret to a dead supervisor.

    It writes the rest when there is a file called "go".
    """
    go = processes.state_dir / "go"
    dead = processes.start()
    before = processes.connect(epoch=1)
    script = (
        f"printf 'one {SECRET[:7]}'; while ! [ -e {go} ]; do sleep 0.02; done;"
        f"echo '{SECRET[7:]} two'; echo {SECRET} three"
    )
    before.shell(script, mask=[SECRET])
    started = before.wait_for("started")
    processes.jobs.append(started["pid"])
    log = processes.state_dir / "logs/0/1.1.0.log"
    before.until(lambda: log.exists() and log.read_text() == "one ")
    processes.kill(dead)
    processes.start()
    return started


def test_a_secret_that_two_supervisors_read_half_of_is_not_shown(
    processes: Processes, halfway: Message
) -> None:
    after = processes.connect(epoch=2)
    after.send(adopt(halfway, "token", mask=[SECRET]))
    after.wait_for("started")
    (processes.state_dir / "go").touch()

    exited = after.wait_for("exited")

    assert text_of(exited) == "one ••• two\n••• three\n"
    assert exited["last"] == "••• three"


def test_nothing_more_is_kept_when_the_secrets_are_not_known_any_more(
    processes: Processes, halfway: Message
) -> None:
    after = processes.connect(epoch=2)
    after.send(adopt(halfway, "token", mask=None))
    after.wait_for("started")
    (processes.state_dir / "go").touch()

    exited = after.wait_for("exited")

    log = processes.state_dir / "logs/0/1.1.0.log"
    assert log.read_text() == "one "
    assert (exited["output"], exited["last"]) == (None, None)
    assert exited["elided"] == exited["bytes"] - len("one ") > 0


def test_a_secret_leaves_the_memory_of_messages(supervisor: InProcess) -> None:
    supervisor.outcome(f"echo {SECRET}; exit 1", mask=[SECRET], env={"PASSWORD": SECRET})
    supervisor.send({"op": "list"})

    assert SECRET not in str(supervisor.wait_for("exited"))
    assert SECRET not in str(supervisor.heard)


def test_the_end_of_a_killed_job_is_masked_too(supervisor: InProcess) -> None:
    supervisor.shell(f"echo {SECRET}; sleep 60", mask=[SECRET])
    started = supervisor.wait_for("started")
    supervisor.until((supervisor.state_dir / "logs/0/1.1.0.log").exists)
    os.kill(started["pid"], signal.SIGKILL)

    assert text_of(supervisor.wait_for("exited")) == "•••\n"
