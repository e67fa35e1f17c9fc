"""The supervisor as a process: its socket, its schedulers, its death and its leaving."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from asking import PATIENCE, InProcess, OverSocket, Processes, is_alive
from fakes import poll
from flowcron.errors import RefusedError
from flowcron.supervisor.address import ShortPath
from flowcron.supervisor.client import connect
from flowcron.supervisor.identity import inodes_are_unique, kept_status, start_ticks
from flowcron.supervisor.main import ALREADY_RUNNING
from flowcron.supervisor.output_read import LogReader, Piece
from flowcron.supervisor.protocol import encode


def text_of(message: dict[str, object]) -> str:
    return base64.b64decode(str(message["output"])).decode()


def kernel_keeps_statuses() -> bool:
    child = os.posix_spawn("/bin/true", ["true"], {})
    if not hasattr(os, "pidfd_open"):
        os.waitpid(child, 0)
        return False
    pidfd = os.pidfd_open(child)
    os.waitpid(child, 0)
    status = kept_status(pidfd)
    os.close(pidfd)
    return status is not None


needs_kept_statuses = pytest.mark.skipif(
    not kernel_keeps_statuses(), reason="this kernel has no PIDFD_INFO_EXIT (Linux 6.15)"
)


def adopt(started: Mapping[str, object], **fields: object) -> dict[str, object]:
    message = {
        "op": "adopt",
        "run": started["run"],
        "attempt": started["attempt"],
        "token": "token",
        "pid": started["pid"],
        "pid_started": started["pid_started"],
        "pid_inode": started["pid_inode"],
        "started_at": started["at"],
        "deadline": None,
        "kill_after": 10.0,
        "log": f"logs/0/{started['run']}.{started['attempt']}",
        "log_limit": 1_000_000,
    }
    return message | fields


def test_it_says_who_it_is(processes: Processes) -> None:
    pid = processes.start()

    hello = processes.connect().hello

    assert hello["pid"] == pid
    assert hello["protocol"] == 1
    assert len(hello["instance"]) == 16
    assert hello["boot"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_the_socket_is_for_its_owner_alone_and_jobs_keep_the_umask(processes: Processes) -> None:
    before = os.umask(0o027)
    processes.start()
    os.umask(before)
    scheduler = processes.connect()

    scheduler.shell("umask")

    assert text_of(scheduler.wait_for("exited")) == "0027\n"
    assert (processes.state_dir / "supervisor.sock").stat().st_mode & 0o777 == 0o600


def test_it_keeps_nothing_that_its_starter_left_open(processes: Processes, tmp_path: Path) -> None:
    left_open = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(left_open, True)
    processes.start()
    os.close(left_open)
    scheduler = processes.connect()

    scheduler.spawn("ls", "/proc/self/fd")

    assert text_of(scheduler.wait_for("exited")).split() == ["0", "1", "2", "3"]  # 3 is its own


def test_a_run_survives_its_scheduler_and_its_end_is_told_to_the_next(
    processes: Processes,
) -> None:
    pid = processes.start()
    first = processes.connect(epoch=1)
    first.shell("sleep 0.3; echo survived; exit 3", run=1)
    first.shell("sleep 60", run=2)
    processes.jobs.append(first.wait_for("started", run=2)["pid"])
    first.connection.close()

    second = processes.connect(epoch=2)
    second.send({"op": "list"})
    second.wait_for("listed")

    assert second.hello["pid"] == pid
    second.wait_for("started", run=2)
    exited = second.wait_for("exited", run=1)
    assert (text_of(exited), os.WEXITSTATUS(exited["status"])) == ("survived\n", 3)


def test_what_a_killed_scheduler_had_sent_is_heard_before_the_next_one_is_answered(
    processes: Processes,
) -> None:
    processes.start()
    script = f"""
import os, socket
from flowcron.supervisor.client import connect
greeting = connect({str(processes.state_dir)!r}, epoch=1, environment={{}})
greeting.connection.sendall(os.read(0, 1 << 20))
os.kill(os.getpid(), 9)
"""
    spawns = b"".join(
        encode(
            {
                "op": "spawn",
                "run": run,
                "attempt": 1,
                "token": "t",
                "argv": ["/bin/true"],
                "env": {},
                "cwd": None,
                "timeout": None,
                "kill_after": 1.0,
                "log": f"logs/{run}",
                "log_limit": 1000,
            }
        )
        for run in range(200)
    )
    subprocess.run([sys.executable, "-c", script], input=spawns, check=False)

    scheduler = processes.connect(epoch=2)
    scheduler.send({"op": "list"})
    scheduler.wait_for("listed")

    known = {message["run"] for message in scheduler.heard}
    assert known == set(range(200))


def test_an_old_scheduler_that_hangs_can_send_no_more_once_a_newer_one_is_answered(
    processes: Processes,
) -> None:
    processes.start()
    old = processes.connect(epoch=1)
    old.shell("exit 0", run=1)

    new = processes.connect(epoch=2)
    new.send({"op": "list"})
    new.wait_for("listed")

    new.wait_for("exited", run=1)
    with pytest.raises(OSError):  # noqa: PT011 EPIPE or ECONNRESET, as the system likes
        old.shell("exit 0", run=2)


def test_an_older_scheduler_is_refused_with_a_sentence(processes: Processes) -> None:
    processes.start()
    newer = processes.connect(epoch=5)

    with pytest.raises(RefusedError, match=r"newer scheduler \(epoch 5\)"):
        connect(str(processes.state_dir), epoch=4, environment={})

    newer.shell("exit 0")
    newer.wait_for("exited")


def test_the_environment_of_the_newest_scheduler_counts(processes: Processes) -> None:
    processes.start()
    processes.connect(epoch=1)
    greeting = connect(str(processes.state_dir), epoch=2, environment={"COLOUR": "blue"})
    assert greeting is not None
    scheduler = OverSocket(processes.state_dir, greeting)

    scheduler.shell("echo $COLOUR")

    assert text_of(scheduler.wait_for("exited")) == "blue\n"
    scheduler.connection.close()


@pytest.mark.parametrize("garbage", [b"no json\n", b"[]\n", b"{}\n", b'{"op":"hello"}\n'])
def test_garbage_does_not_disturb_it(processes: Processes, garbage: bytes) -> None:
    processes.start()
    scheduler = processes.connect()
    stranger = socket.socket(socket.AF_UNIX)
    with ShortPath(str(processes.state_dir), "supervisor.sock") as path:
        stranger.connect(path)

    stranger.sendall(garbage)
    scheduler.send({"op": "spawn", "run": "nonsense"}, {"op": "from the future"})
    scheduler.shell("exit 0", run=7)

    scheduler.wait_for("exited", run=7)
    stranger.close()


def test_messages_of_a_stranger_that_did_not_greet_are_ignored(processes: Processes) -> None:
    processes.start()
    scheduler = processes.connect()
    stranger = socket.socket(socket.AF_UNIX)
    with ShortPath(str(processes.state_dir), "supervisor.sock") as path:
        stranger.connect(path)

    stranger.sendall(encode({"op": "list"}))
    scheduler.shell("exit 0")
    scheduler.wait_for("exited")

    stranger.setblocking(False)
    with pytest.raises(BlockingIOError):
        stranger.recv(1)
    stranger.close()


def test_the_signals_of_a_terminal_and_of_systemd_do_not_end_it(processes: Processes) -> None:
    pid = processes.start()
    scheduler = processes.connect()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(pid, number)
    scheduler.shell("kill -TERM $$")

    assert os.getsid(pid) == pid
    assert os.WTERMSIG(scheduler.wait_for("exited")["status"]) == signal.SIGTERM


def test_it_keeps_statuses_even_if_it_was_started_with_children_ignored(
    processes: Processes,
) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    processes.start()
    signal.signal(signal.SIGCHLD, before)
    scheduler = processes.connect()

    scheduler.shell("exit 9")

    assert os.WEXITSTATUS(scheduler.wait_for("exited")["status"]) == 9


def test_a_second_one_for_the_same_folder_does_not_start(processes: Processes) -> None:
    pid = processes.start()
    scheduler = processes.connect()

    second = subprocess.run(
        [sys.executable, "-m", "flowcron.supervisor", str(processes.state_dir)], check=False
    )

    assert second.returncode == ALREADY_RUNNING
    assert scheduler.hello["pid"] == pid
    scheduler.shell("exit 0")
    scheduler.wait_for("exited")


def test_a_wrong_command_line_is_answered_with_the_right_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flowcron.supervisor", ".", "--what"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m flowcron.supervisor STATE_DIR")


def test_it_leaves_when_nothing_is_left_to_do(processes: Processes) -> None:
    pid = processes.start(linger=0.2)
    scheduler = processes.connect()
    scheduler.shell("exit 0")
    scheduler.wait_for("exited")
    scheduler.ack()
    scheduler.connection.close()

    processes.reap(pid)

    assert not (processes.state_dir / "supervisor.sock").exists()
    assert "left" in (processes.state_dir / "supervisor.log").read_text()


def told_to_go(pid: int) -> None:
    """Send SIGTERM, as a machine that goes down does, until the supervisor has left."""

    def has_left() -> bool:
        os.kill(pid, signal.SIGTERM)
        return not is_alive(pid)

    poll(has_left)


def test_when_the_machine_goes_down_it_waits_for_no_other_scheduler(processes: Processes) -> None:
    pid = processes.start(linger=1000)
    scheduler = processes.connect()
    scheduler.shell("exit 0")
    scheduler.wait_for("exited")
    scheduler.ack()
    scheduler.connection.close()

    told_to_go(pid)

    processes.reap(pid)


def test_when_the_machine_goes_down_an_end_that_nobody_hears_does_not_stop_it(
    processes: Processes,
) -> None:
    pid = processes.start(linger=0.5)
    scheduler = processes.connect()
    scheduler.shell("exit 0")
    scheduler.wait_for("exited")
    scheduler.connection.close()

    told_to_go(pid)

    processes.reap(pid)


def test_told_to_go_it_still_stays_for_what_runs_and_for_whoever_asks(processes: Processes) -> None:
    pid = processes.start(linger=0.2)
    first = processes.connect(epoch=1)
    first.shell(f"while [ ! -e {processes.state_dir}/gate ]; do sleep 0.05; done; exit 9")
    first.wait_for("started")
    first.connection.close()
    os.kill(pid, signal.SIGTERM)
    longer_than_it_lingers(0.5)

    second = processes.connect(epoch=2)
    (processes.state_dir / "gate").touch()

    assert os.WEXITSTATUS(second.wait_for("exited")["status"]) == 9
    second.connection.close()
    longer_than_it_lingers(0.5)
    assert processes.connect(epoch=3).hello["pid"] == pid


def test_one_whose_folder_was_made_anew_leaves_the_socket_of_the_next_alone(
    processes: Processes,
) -> None:
    old = processes.start(linger=0.5)
    scheduler = processes.connect()
    shutil.rmtree(processes.state_dir)
    processes.state_dir.mkdir()
    new = processes.start()

    scheduler.connection.close()
    processes.reap(old)

    assert processes.connect().hello["pid"] == new


def test_it_stays_while_an_end_is_not_acknowledged(processes: Processes) -> None:
    pid = processes.start(linger=0.05)
    scheduler = processes.connect(epoch=1)
    scheduler.shell("exit 0", run=1)
    scheduler.wait_for("exited")
    scheduler.connection.close()
    longer_than_it_lingers(0.5)

    again = processes.connect(epoch=2)
    again.send({"op": "list"})

    assert again.hello["pid"] == pid
    again.wait_for("exited", run=1)


def longer_than_it_lingers(seconds: float) -> None:
    """Wait: that nothing happens in a time can only be seen by letting the time pass."""
    time.sleep(seconds)


def test_the_path_of_its_folder_may_be_longer_than_a_socket_s_address(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a-long-name-of-a-folder"] * 10)
    folder.mkdir(parents=True)
    processes = Processes(folder)
    processes.start()

    scheduler = processes.connect()
    scheduler.shell("echo here")

    assert text_of(scheduler.wait_for("exited")) == "here\n"
    processes.shut()


def test_it_works_without_epoll_and_pidfds_too(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "flowcron.supervisor", str(tmp_path), "--portable"]
    with subprocess.Popen([*words, "--linger", "0.3"], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + PATIENCE
        while (greeting := connect(str(tmp_path), epoch=1, environment={})) is None:
            assert time.monotonic() < deadline
        scheduler = OverSocket(tmp_path, greeting)

        scheduler.shell("exit 8")
        exited = scheduler.wait_for("exited")
        scheduler.ack()
        scheduler.connection.close()

        assert os.WEXITSTATUS(exited["status"]) == 8
        assert process.wait(PATIENCE) == 0


def test_it_is_small(processes: Processes) -> None:
    pid = processes.start()
    scheduler = processes.connect()

    for run in range(50):
        scheduler.shell("echo hello", run=run)
    for run in range(50):
        scheduler.wait_for("exited", run=run)
        scheduler.ack(run)

    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    assert int(resident) <= 14 * 1024
    assert not [name for name in modules_of_the_supervisor() if name in HEAVY]


HEAVY = {"asyncio", "logging", "argparse", "dataclasses", "inspect", "subprocess", "typing"}


def modules_of_the_supervisor() -> list[str]:
    script = "import flowcron.supervisor.main, json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    names: list[str] = json.loads(done.stdout)
    return names


@needs_kept_statuses
def test_a_run_whose_supervisor_died_is_adopted_with_its_output_and_true_status(
    processes: Processes,
) -> None:
    dead = processes.start()
    before = processes.connect(epoch=1)
    before.shell("echo one; sleep 0.4; echo two; sleep 0.2; echo three >&2; exit 42")
    started = before.wait_for("started")
    processes.jobs.append(started["pid"])
    log = processes.state_dir / "logs/0/1.1.0.log"
    before.until(lambda: log.exists() and log.stat().st_size == 4)
    processes.kill(dead)

    processes.start()
    after = processes.connect(epoch=2)
    after.send(adopt(started))

    assert after.wait_for("started")["at"] == started["at"]
    exited = after.wait_for("exited")
    assert os.WEXITSTATUS(exited["status"]) == 42
    assert text_of(exited) == "one\ntwo\nthree\n"
    assert exited["started_at"] == started["at"]
    assert exited["why"] == "exit"


@pytest.mark.skipif(not inodes_are_unique(), reason="pidfds have no inodes of their own here")
def test_a_process_that_is_another_one_is_not_adopted(processes: Processes) -> None:
    processes.start()
    scheduler = processes.connect()
    started = {
        "run": 1,
        "attempt": 1,
        "pid": os.getpid(),
        "pid_started": None,
        "pid_inode": 1,
        "at": 5,
    }

    others: list[dict[str, object]] = [
        {},
        {"pid_inode": None},
        {"pid_inode": None, "pid_started": 3},
    ]
    for run, fields in enumerate(others):
        scheduler.send(adopt(started, run=run, **fields))

        assert scheduler.wait_for("adopt_failed", run=run)


def test_a_process_that_is_gone_is_not_adopted_and_keeps_its_log(processes: Processes) -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    processes.start()
    scheduler = processes.connect()
    folder = processes.state_dir / "logs/0"
    folder.mkdir(parents=True)
    (folder / "1.1.0.log").write_text("what it wrote")
    started = {"run": 1, "attempt": 1, "pid": child, "pid_started": 1, "pid_inode": 1, "at": 5}

    scheduler.send(adopt(started))
    scheduler.wait_for("adopt_failed")
    scheduler.ack()
    scheduler.send({"op": "list"})
    scheduler.wait_for("listed")

    with LogReader(str(folder / "1.1")) as reader:
        contents = [piece.content for piece in reader.read() if isinstance(piece, Piece)]
    assert contents == [b"what it wrote"]


@needs_kept_statuses
def test_the_timeout_of_an_adopted_run_is_enforced(processes: Processes) -> None:
    dead = processes.start()
    before = processes.connect(epoch=1)
    before.shell("trap '' TERM; while :; do sleep 0.05; done", timeout=60.0)
    started = before.wait_for("started")
    processes.kill(dead)
    processes.start()
    after = processes.connect(epoch=2)

    over = time.time_ns() // 1000 - 1
    after.send(adopt(started, deadline=over, kill_after=0.2))

    exited = after.wait_for("exited")
    assert (exited["why"], os.WTERMSIG(exited["status"])) == ("timeout", signal.SIGKILL)
    assert not is_alive(started["pid"])


def test_without_pidfds_nothing_is_adopted(tmp_path: Path) -> None:
    asked = InProcess(tmp_path, portable=True)
    started = {"run": 1, "attempt": 1, "pid": os.getpid(), "pid_inode": None, "at": 5}

    asked.send(adopt(started | {"pid_started": start_ticks(os.getpid())}))

    assert asked.wait_for("adopt_failed")
    asked.core.shut()


def test_a_job_may_write_while_it_has_no_supervisor(processes: Processes) -> None:
    dead = processes.start()
    before = processes.connect(epoch=1)
    witness = processes.state_dir / "witness"
    before.shell(f"while ! [ -e {witness}.go ]; do sleep 0.02; done; echo x; echo $? > {witness}")
    before.wait_for("started")
    processes.kill(dead)

    Path(f"{witness}.go").touch()

    before.until(lambda: witness.exists() and witness.read_text() == "0\n")
