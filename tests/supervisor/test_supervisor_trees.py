"""What becomes of all the processes of a job that is to end, wherever they have gone."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from asking import Asked, InProcess, Processes, is_alive
from flowcron.supervisor.protocol import Message

COUNTER = itertools.count(1)
SILENT = "</dev/null >/dev/null 2>&1"
IN_A_GROUP = 'import os, sys; os.setpgid(0, 0); os.execlp("sleep", "sleep", sys.argv[1])'
# Ways to get away. Each starts a process that sleeps for {nap} seconds, which names it.
WAYS = {
    "child": "sleep {nap} &",
    "group": f"{sys.executable} -c '{IN_A_GROUP}' {{nap}} &",
    "session": "setsid sleep {nap} &",
    "orphan": "(sleep {nap} &)",
    "double fork": "(setsid sh -c 'sleep {nap} & exit 0' &)",
    "cleared": "env -i setsid sleep {nap} " + SILENT + " &",
    "cleared double fork": "(env -i setsid sh -c 'sleep {nap} & exit 0' &)",
    "daemon": "(env -i setsid sh -c 'sleep {nap} & exit 0' " + SILENT + " &)",
}


@dataclass(frozen=True)
class Nap:
    """The sleepers of one test, told from all others by how long they sleep."""

    length: str

    def sleepers(self) -> list[int]:
        wanted = f"sleep\0{self.length}\0".encode()
        return [pid for pid in pids() if command_of(pid) == wanted and is_alive(pid)]

    def script(self, *ways: str, ignoring: bool = True) -> str:
        begin = ["trap '' TERM"] if ignoring else []
        fled = [WAYS[way].format(nap=self.length) for way in ways]
        return "\n".join([*begin, *fled, "while :; do sleep 0.05; done"])


@pytest.fixture
def nap() -> Iterator[Nap]:
    taken = Nap(f"{600 + next(COUNTER)}.{os.getpid()}")
    yield taken
    for pid in taken.sleepers():
        os.kill(pid, signal.SIGKILL)


def pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def cancel(number: int = signal.SIGTERM) -> Message:
    return {"op": "signal", "run": 1, "attempt": 1, "signal": int(number), "why": "cancel"}


def all_gone_in_time(asked: Asked, nap: Nap, *, count: int, within: float) -> None:
    """Wait until so many sleep, and then until none does, from the start on."""
    begun = time.monotonic()
    asked.until(lambda: len(nap.sleepers()) == count)
    asked.until(lambda: not nap.sleepers())
    assert time.monotonic() - begun <= within


FIVE = ("child", "session", "double fork", "cleared", "daemon")


def test_a_tree_of_five_that_ignores_the_timeout_is_gone_in_time(
    processes: Processes, nap: Nap
) -> None:
    processes.start()
    scheduler = processes.connect()
    scheduler.shell(nap.script(*FIVE), timeout=1.0, kill_after=0.5)

    all_gone_in_time(scheduler, nap, count=5, within=1.0 + 0.5 + 1.0)

    assert scheduler.wait_for("exited")["why"] == "timeout"


def test_a_tree_is_ended_while_no_scheduler_is_there(processes: Processes, nap: Nap) -> None:
    processes.start()
    scheduler = processes.connect()
    scheduler.shell(nap.script(*FIVE), timeout=1.0, kill_after=0.5)
    scheduler.wait_for("started")
    scheduler.connection.close()

    all_gone_in_time(Nobody(processes.state_dir), nap, count=5, within=1.0 + 0.5 + 1.0)


class Nobody(Asked):
    """Waits without a connection."""

    def turn(self) -> None:
        time.sleep(0.01)


@pytest.mark.parametrize("way", WAYS)
def test_whoever_gets_away_is_killed_in_the_end(reaper: InProcess, nap: Nap, way: str) -> None:
    reaper.shell(nap.script(way), kill_after=0.2)
    reaper.until(nap.sleepers)

    reaper.send(cancel())

    reaper.until(lambda: not nap.sleepers())
    assert reaper.wait_for("exited")["why"] == "cancel"


@pytest.mark.parametrize("way", WAYS)
def test_whoever_gets_away_is_asked_too(reaper: InProcess, nap: Nap, way: str) -> None:
    reaper.shell(nap.script(way, ignoring=False), kill_after=600.0)
    reaper.until(nap.sleepers)

    reaper.send(cancel())

    reaper.until(lambda: not nap.sleepers())
    reaper.wait_for("exited")
    reaper.until(lambda: not reaper.core.is_ending)  # at once, not after 600 s


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way not in {"cleared double fork", "daemon"}]
)
def test_without_a_reaper_all_are_found_but_orphans_without_a_trace(
    supervisor: InProcess, nap: Nap, way: str
) -> None:
    supervisor.shell(nap.script(way), kill_after=0.2)
    supervisor.until(nap.sleepers)

    supervisor.send(cancel(signal.SIGKILL))

    supervisor.until(lambda: not nap.sleepers())


@pytest.mark.parametrize("way", ["cleared double fork", "orphan", "double fork"])
def test_among_several_jobs_an_orphan_is_told_by_what_it_has_on_it(
    reaper: InProcess, nap: Nap, way: str
) -> None:
    other = Nap(nap.length + "1")
    reaper.shell(nap.script(way), run=1, kill_after=0.1)
    reaper.shell(other.script(way), run=2, kill_after=0.1)
    reaper.until(lambda: nap.sleepers() and other.sleepers())

    reaper.send(cancel())
    reaper.until(lambda: not nap.sleepers())
    reaper.until(lambda: not reaper.core.is_ending)

    assert other.sleepers()
    reaper.send(cancel() | {"run": 2})
    reaper.until(lambda: not other.sleepers())


def test_a_daemon_of_an_earlier_job_is_not_taken_for_one_of_a_later(
    reaper: InProcess, nap: Nap
) -> None:
    kept = Nap(nap.length + "1")
    reaper.outcome(WAYS["daemon"].format(nap=kept.length), run=2)
    reaper.ack(2)
    reaper.until(kept.sleepers)
    reaper.shell(nap.script("daemon"), kill_after=0.1)
    reaper.until(nap.sleepers)

    reaper.send(cancel(signal.SIGKILL))
    reaper.wait_for("exited", run=1)
    reaper.until(lambda: not reaper.core.is_ending)

    assert kept.sleepers()
    os.kill(kept.sleepers()[0], signal.SIGKILL)


def test_a_stopped_member_is_asked_too(reaper: InProcess, nap: Nap) -> None:
    reaper.shell(nap.script("session", ignoring=False), kill_after=600.0)
    reaper.until(nap.sleepers)
    os.kill(nap.sleepers()[0], signal.SIGSTOP)

    reaper.send(cancel())

    reaper.until(lambda: not nap.sleepers())


def test_an_ending_is_over_when_nothing_is_left(reaper: InProcess) -> None:
    reaper.shell("sleep 60", kill_after=600.0)
    reaper.wait_for("started")

    reaper.send(cancel())

    reaper.wait_for("exited")
    reaper.until(lambda: not reaper.core.is_ending)
    reaper.ack()
    assert reaper.core.is_idle


def test_a_foreign_process_is_left_alone(supervisor: InProcess, nap: Nap) -> None:
    with subprocess.Popen(["sleep", nap.length], start_new_session=True) as foreign:
        supervisor.shell("trap '' TERM; while :; do sleep 0.05; done", kill_after=0.1)
        supervisor.wait_for("started")

        supervisor.send(cancel())
        supervisor.wait_for("exited")
        supervisor.until(lambda: not supervisor.core.is_ending)

        assert foreign.poll() is None
        foreign.kill()


def test_children_from_before_are_nobody_s(tmp_path: Path, nap: Nap) -> None:
    with subprocess.Popen(["sleep", nap.length], start_new_session=True) as before:
        asked = InProcess(tmp_path, portable=False, reaper=True)
        asked.shell("trap '' TERM; while :; do sleep 0.05; done", kill_after=0.1)
        asked.wait_for("started")

        asked.send(cancel())
        asked.wait_for("exited")
        asked.until(lambda: not asked.core.is_ending)

        assert before.poll() is None
        before.kill()
    asked.core.shut()


def test_orphans_that_end_are_reaped(processes: Processes) -> None:
    pid = processes.start()
    scheduler = processes.connect()
    scheduler.shell("for i in 1 2 3 4 5; do (setsid true &); done; sleep 60", timeout=30.0)
    started = scheduler.wait_for("started")
    processes.jobs.append(started["pid"])

    scheduler.until(lambda: children_of(pid) == [started["pid"]])


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_after_its_last_run_a_supervisor_has_nothing_to_wake_up_for(reaper: InProcess) -> None:
    reaper.outcome("exit 0")
    reaper.ack()

    reaper.until(lambda: reaper.core._deadlines.wait(time.monotonic()) is None)


def test_an_end_that_a_look_at_the_orphans_finds_is_told(reaper: InProcess) -> None:
    reaper.shell("exit 5")
    orphans = reaper.core._orphans
    assert orphans is not None
    deadline = time.monotonic() + 30

    while not orphans.reap():
        assert time.monotonic() < deadline

    assert os.WEXITSTATUS(reaper.wait_for("exited")["status"]) == 5
    assert not reaper.core._endings.pending


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
        "kill_after": 0.3,
        "log": "logs/0/1.1",
        "log_limit": 1_000_000,
    } | fields


def test_an_adopted_tree_is_ended_too(processes: Processes, nap: Nap) -> None:
    dead = processes.start()
    before = processes.connect(epoch=1)
    before.shell(nap.script("child", "group", "session", "double fork", "cleared"), token="of-all")
    started = before.wait_for("started")
    before.until(lambda: len(nap.sleepers()) == 5)
    processes.kill(dead)
    processes.start()
    after = processes.connect(epoch=2)

    after.send(adopt(started, "of-all", deadline=time.time_ns() // 1000))

    after.until(lambda: not nap.sleepers())
    assert after.wait_for("exited")["why"] == "timeout"


def test_hundreds_of_forks_end_while_another_job_starts_and_ends(
    processes: Processes, nap: Nap
) -> None:
    """Each process forks two and sleeps: 255 of them, each in a session of its own."""
    processes.start()
    scheduler = processes.connect()
    grow = (
        "trap '' TERM; grow() { if [ $1 -gt 0 ]; then grow $(($1 - 1)) & grow $(($1 - 1)) & fi;"
        f"exec setsid sleep {nap.length}; }}; grow 7 & while :; do sleep 0.1; done"
    )
    scheduler.shell(grow, timeout=1.5, kill_after=0.5)
    scheduler.until(lambda: len(nap.sleepers()) > 100)

    scheduler.shell("echo fine", run=2)

    assert scheduler.wait_for("exited", run=2)["last"] == "fine"
    assert scheduler.wait_for("exited", run=1)["why"] == "timeout"
    scheduler.until(lambda: not nap.sleepers())


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="a bomb is limited by its user's processes")
@pytest.mark.parametrize(("flight", "user"), [("", 60_001), ("setsid ", 60_002)])
def test_a_fork_bomb_ends_completely_while_another_job_starts_and_ends(
    processes: Processes, flight: str, user: int
) -> None:
    processes.start()
    scheduler = processes.connect()
    marker = f"bomb-{os.getpid()}-{next(COUNTER)}"
    again = f'{flight}bash -c "$0" "$0" {marker} & '
    scheduler.spawn(
        *("bash", "-c", f'ulimit -u 200; trap \'\' TERM; exec bash -c "$0" "$0" {marker}'),
        f"{again}{again}while :; do wait; sleep 0.1; done",
        user=user,
        group=user,
        cwd="/",
        timeout=1.5,
        kill_after=0.5,
    )
    started = scheduler.wait_for("started", run=1)
    processes.jobs.append(started["pid"])
    scheduler.until(lambda: len(bombs(marker)) > 50)
    begun = time.monotonic()

    scheduler.shell("echo fine", run=2)

    assert scheduler.wait_for("exited", run=2)["last"] == "fine"
    assert scheduler.wait_for("exited", run=1)["why"] == "timeout"
    scheduler.until(lambda: not bombs(marker))
    assert time.monotonic() - begun < 1.5 + 0.5 + 1.0


def bombs(marker: str) -> list[int]:
    return [pid for pid in pids() if marker.encode() in command_of(pid) and is_alive(pid)]
