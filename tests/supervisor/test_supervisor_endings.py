"""How attempts are brought to their end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from asking import InProcess, is_alive


def test_a_timeout_ends_an_attempt_and_is_told_as_the_reason(supervisor: InProcess) -> None:
    supervisor.shell("sleep 60", timeout=0.05)

    exited = supervisor.wait_for("exited")

    assert exited["why"] == "timeout"
    assert os.WTERMSIG(exited["status"]) == signal.SIGTERM


def test_a_job_that_handles_the_timeout_keeps_its_exit_code(supervisor: InProcess) -> None:
    supervisor.shell("trap 'exit 7' TERM; while :; do sleep 0.01; done", timeout=0.3)

    exited = supervisor.wait_for("exited")

    assert exited["why"] == "timeout"
    assert os.WEXITSTATUS(exited["status"]) == 7


def test_a_job_that_ignores_the_timeout_is_killed(supervisor: InProcess) -> None:
    supervisor.shell("trap '' TERM; while :; do sleep 0.01; done", timeout=0.3, kill_after=0.1)

    exited = supervisor.wait_for("exited")

    assert exited["why"] == "timeout"
    assert os.WTERMSIG(exited["status"]) == signal.SIGKILL


def test_a_stopped_job_is_ended_too(supervisor: InProcess) -> None:
    supervisor.shell("kill -STOP $$", timeout=0.2)

    assert supervisor.wait_for("exited")["why"] == "timeout"


def test_a_job_that_ends_in_time_is_not_said_to_have_timed_out(supervisor: InProcess) -> None:
    exited = supervisor.outcome("exit 0", timeout=30.0)

    assert exited["why"] == "exit"
    assert supervisor.core._deadlines.wait(0.0) is None or supervisor.core._deadlines._cancelled


def test_a_cancelled_attempt_says_so(supervisor: InProcess) -> None:
    supervisor.shell("sleep 60")
    supervisor.wait_for("started")

    supervisor.send({"op": "signal", "run": 1, "attempt": 1, "signal": 15, "why": "cancel"})

    assert supervisor.wait_for("exited")["why"] == "cancel"


def test_a_second_cancel_may_kill_at_once(supervisor: InProcess) -> None:
    supervisor.shell("trap '' TERM; echo ready; while :; do sleep 0.01; done", kill_after=600.0)
    supervisor.until((supervisor.state_dir / "logs/0/1.1.0.log").exists)

    for number in (15, 9):
        supervisor.send({"op": "signal", "run": 1, "attempt": 1, "signal": number, "why": "cancel"})

    assert os.WTERMSIG(supervisor.wait_for("exited")["status"]) == signal.SIGKILL
    supervisor.until(lambda: not supervisor.core.is_ending)


def test_asking_again_and_again_does_not_put_off_the_kill(supervisor: InProcess) -> None:
    supervisor.shell("trap '' TERM; while :; do sleep 0.01; done", kill_after=0.5)
    supervisor.wait_for("started")
    deadline = time.monotonic() + 5

    while not supervisor.heard and time.monotonic() < deadline:
        supervisor.send({"op": "signal", "run": 1, "attempt": 1, "signal": 15, "why": "cancel"})
        supervisor.turn()

    assert time.monotonic() < deadline
    assert os.WTERMSIG(supervisor.wait_for("exited")["status"]) == signal.SIGKILL


def test_a_plain_signal_is_no_reason(supervisor: InProcess) -> None:
    supervisor.shell("trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done")
    supervisor.until((supervisor.state_dir / "logs/0/1.1.0.log").exists)

    supervisor.send({"op": "signal", "run": 1, "attempt": 1, "signal": int(signal.SIGUSR1)})

    exited = supervisor.wait_for("exited")
    assert (exited["why"], os.WEXITSTATUS(exited["status"])) == ("exit", 5)


def test_a_signal_reaches_the_whole_process_group(supervisor: InProcess, tmp_path: Path) -> None:
    supervisor.shell(f"sleep 60 & echo $! > {tmp_path}/pid; wait", timeout=0.3)
    supervisor.wait_for("exited")

    child = int((tmp_path / "pid").read_text())

    supervisor.until(lambda: not is_alive(child))


def test_what_outlives_a_cancelled_attempt_is_killed_after_its_time(
    supervisor: InProcess, tmp_path: Path
) -> None:
    supervisor.shell(
        f"setsid sh -c 'trap \"\" TERM; echo $$ > {tmp_path}/pid; exec sleep 60' & sleep 60",
        timeout=0.5,
        kill_after=0.2,
    )
    supervisor.wait_for("exited")
    child = int((tmp_path / "pid").read_text())
    supervisor.ack()
    alive_at_first = is_alive(child)

    supervisor.until(lambda: not is_alive(child))

    assert alive_at_first
    supervisor.until(lambda: supervisor.core.is_idle)


def test_what_a_finished_job_leaves_in_the_background_is_left_alone(
    supervisor: InProcess, tmp_path: Path
) -> None:
    supervisor.outcome(f"sleep 60 >/dev/null 2>&1 & echo $! > {tmp_path}/pid")
    supervisor.ack()

    child = int((tmp_path / "pid").read_text())

    supervisor.until(lambda: supervisor.core.is_idle)
    assert is_alive(child)
    os.kill(child, signal.SIGKILL)
