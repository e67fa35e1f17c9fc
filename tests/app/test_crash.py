"""kill -9 of the real scheduler: nothing lost, nothing doubled, the true exit status."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

LONG_JOB = """
[jobs.long]
command = "echo begun; while [ ! -e {gate} ]; do sleep 0.05; done; exit 7"
"""


def run_detached(flowcron: Installed, job: str) -> None:
    done = flowcron.run("run", job, "-d")
    assert done.returncode == 0, done.stderr


def state_of(flowcron: Installed, run: int = 1) -> str:
    return str(flowcron.rows("SELECT state FROM runs WHERE id = ?", run)[0][0])


def test_a_job_goes_on_when_the_scheduler_is_killed_and_is_adopted_by_the_next(
    flowcron: Installed,
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(LONG_JOB.format(gate=gate))
    first = flowcron.start_and_wait()
    run_detached(flowcron, "long")
    poll(lambda: state_of(flowcron) == "running")
    (pid,) = flowcron.rows("SELECT pid FROM attempts")[0]

    flowcron.kill(first)
    second = flowcron.start_and_wait()
    gate.touch()
    poll(lambda: state_of(flowcron) == "failed")

    (found,) = flowcron.json("history")["runs"]
    assert (found["exit_code"], found["attempts"], found["reason"]) == (7, 1, "exit 7")
    assert flowcron.rows("SELECT pid FROM attempts") == [(pid,)]
    assert found["started_at"] < found["finished_at"]
    assert flowcron.stop(second) == 0


def test_a_job_that_ends_while_no_scheduler_lives_keeps_its_true_status_and_times(
    flowcron: Installed,
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(LONG_JOB.format(gate=gate))
    first = flowcron.start_and_wait()
    run_detached(flowcron, "long")
    poll(lambda: state_of(flowcron) == "running")
    ((pid, started_at),) = flowcron.rows("SELECT pid, started_at FROM attempts")

    flowcron.kill(first)
    gate.touch()
    poll(lambda: not _is_running(pid))
    flowcron.start_and_wait()
    poll(lambda: state_of(flowcron) == "failed")

    ((code, began, ended, started_again),) = flowcron.rows(
        "SELECT exit_code, runs.started_at, finished_at, schedulers.started_at "
        "FROM runs, schedulers WHERE schedulers.id = 2"
    )
    assert code == 7
    assert began == started_at
    assert ended < started_again


def test_a_retry_waits_on_across_a_restart(flowcron: Installed) -> None:
    flowcron.configure(
        '[jobs.flaky]\nretry = { times = 1, delay = "3s", jitter = 0 }\n'
        'command = "test $FLOWCRON_ATTEMPT = 2"\n'
    )
    first = flowcron.start_and_wait()
    run_detached(flowcron, "flaky")
    poll(lambda: state_of(flowcron) == "retrying")

    flowcron.kill(first)
    flowcron.start_and_wait()
    poll(lambda: state_of(flowcron) == "success")

    ((first_end, second_start),) = flowcron.rows(
        "SELECT a.finished_at, b.started_at FROM attempts a, attempts b "
        "WHERE a.number = 1 AND b.number = 2"
    )
    assert second_start - first_end >= 3_000_000


def test_a_second_scheduler_is_refused_and_names_the_first(flowcron: Installed) -> None:
    flowcron.configure('[jobs.a]\ncommand = "true"\n')
    first = flowcron.start_and_wait()

    second = flowcron.run("start")

    assert second.returncode == 6
    assert str(first.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert len(flowcron.rows("SELECT * FROM schedulers")) == 1


def test_jobs_go_on_when_the_supervisor_is_killed_and_keep_their_true_status(
    flowcron: Installed,
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(LONG_JOB.format(gate=gate))
    flowcron.start_and_wait()
    run_detached(flowcron, "long")
    poll(lambda: state_of(flowcron) == "running")
    dead = flowcron.supervisor_pid()

    _kill(dead)
    poll(lambda: flowcron.supervisor_pid() != dead)
    gate.touch()
    poll(lambda: state_of(flowcron) != "running")

    assert flowcron.rows("SELECT state, exit_code FROM runs") == [("failed", 7)]


def test_jobs_survive_when_both_are_killed(flowcron: Installed) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(LONG_JOB.format(gate=gate))
    first = flowcron.start_and_wait()
    run_detached(flowcron, "long")
    poll(lambda: state_of(flowcron) == "running")

    flowcron.kill(first)
    _kill(flowcron.supervisor_pid())
    flowcron.start_and_wait()
    assert state_of(flowcron) == "running"
    gate.touch()
    poll(lambda: state_of(flowcron) != "running")

    ((state, code, attempts),) = flowcron.rows("SELECT state, exit_code, attempts FROM runs")
    assert (state, code) in {("failed", 7), ("lost", None)}  # lost where the kernel does not tell
    assert attempts == 1


def _is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return False
    return stat.rpartition(b") ")[2][:1] not in {b"Z", b"X"}


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
