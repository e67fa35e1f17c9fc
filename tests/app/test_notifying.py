"""What systemd hears from a scheduler, and what the jobs of one do not inherit."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import NOON, after, make_job, poll
from flowcron.app.notifying import Notifying, status_line
from flowcron.domain.job import Cron, Every
from flowcron.system.notify import Manager
from world import World

if TYPE_CHECKING:
    from installed import Installed

NIGHTLY = '[jobs.nightly]\ncron = "0 0 1 1 *"\ncommand = "true"\n'


class Hearing:
    """A manager's socket, and everything that was said to it."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self.said: list[str] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.setblocking(False)

    def hear(self) -> list[str]:
        while True:
            try:
                self.said.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return self.said

    def until(self, word: str, *, seconds: float = 30) -> None:
        poll(lambda: any(word in one for one in self.hear()), seconds=seconds)

    def forget(self) -> None:
        self.hear()
        self.said.clear()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Hearing]:
    hearing = Hearing(tmp_path / "notify")
    yield hearing
    hearing.socket.close()


def test_it_is_ready_once_it_schedules_and_says_how_it_is(
    flowcron: Installed, manager: Hearing
) -> None:
    flowcron.configure(NIGHTLY)

    scheduler = flowcron.start(NOTIFY_SOCKET=manager.address)
    manager.until("READY=1")
    pid = flowcron.json("status")["pid"]

    assert manager.said[0].startswith("STATUS=1 job, next nightly in ")
    assert manager.said[1] == "READY=1"
    assert pid == scheduler.pid
    assert not any("WATCHDOG" in one for one in manager.said)


def test_a_reload_is_announced_and_over_before_it_is_answered(
    flowcron: Installed, manager: Hearing
) -> None:
    flowcron.configure(NIGHTLY)
    flowcron.start_and_wait(NOTIFY_SOCKET=manager.address)
    manager.until("READY=1")
    manager.forget()

    flowcron.configure(NIGHTLY + NIGHTLY.replace("nightly", "other"))
    done = flowcron.run("reload")
    heard = [*manager.hear()]
    manager.forget()
    flowcron.configure("[jobs\n")
    refused = flowcron.run("reload")

    assert (done.returncode, refused.returncode) == (0, 3)
    assert heard[0].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[1].startswith("STATUS=2 jobs")
    assert heard[2] == "READY=1"
    assert [one.split("\n")[0] for one in manager.hear()] == ["RELOADING=1", "READY=1"]


def test_it_says_that_it_stops_before_it_waits_for_jobs(
    flowcron: Installed, manager: Hearing
) -> None:
    gate = flowcron.folder / "gate"
    flowcron.configure(f'[jobs.gated]\ncommand = "while [ ! -e {gate} ]; do sleep 0.05; done"\n')
    scheduler = flowcron.start_and_wait(NOTIFY_SOCKET=manager.address)
    flowcron.run("run", "gated", "-d")
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE state = 'running'"))

    scheduler.send_signal(signal.SIGTERM)
    manager.until("STOPPING=1")

    assert scheduler.poll() is None
    gate.touch()
    assert scheduler.wait(30) == 0


def test_a_loop_that_turns_feeds_the_watchdog_twice_in_its_time(
    flowcron: Installed, manager: Hearing
) -> None:
    flowcron.configure(NIGHTLY)
    flowcron.start(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="400000")
    manager.until("WATCHDOG=1")
    manager.forget()

    began = time.monotonic()
    poll(lambda: manager.hear().count("WATCHDOG=1") >= 10)

    assert 1.8 <= time.monotonic() - began < 4


def test_jobs_and_the_supervisor_cannot_speak_for_the_scheduler(
    flowcron: Installed, manager: Hearing
) -> None:
    flowcron.configure('[jobs.env]\ncommand = "env"\n')
    flowcron.start_and_wait(
        NOTIFY_SOCKET=manager.address,
        WATCHDOG_USEC="60000000",
        LISTEN_FDS="0",
        CREDENTIALS_DIRECTORY="/run/credentials/x",
        INVOCATION_ID="a",
    )
    names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS")

    inherited = flowcron.run("run", "env").stdout
    supervisor = Path(f"/proc/{flowcron.supervisor_pid()}/environ").read_text()

    assert "FLOWCRON_JOB=env" in inherited
    assert not [name for name in names if name in inherited or name in supervisor]
    assert "CREDENTIALS_DIRECTORY" not in inherited
    assert "INVOCATION_ID" not in inherited


def test_for_the_journal_lines_have_levels_and_no_times(flowcron: Installed) -> None:
    flowcron.configure('[jobs.seven]\ncommand = "echo why; exit 7"\n')
    log = flowcron.folder / "scheduler.log"
    log.touch()
    found = log.stat()
    flowcron.start_and_wait(JOURNAL_STREAM=f"{found.st_dev}:{found.st_ino}")
    flowcron.run("run", "seven")

    poll(lambda: "event=ended" in flowcron.log())
    lines = flowcron.log().splitlines()
    (end,) = [line for line in lines if "event=ended" in line]
    assert lines[0].startswith("<6>event=notice")
    assert end.startswith("<4>event=ended job=seven run=1 attempt=1 state=failed")
    assert end.endswith('msg="exit 7" last_line=why')
    assert not [line for line in lines if "ts=" in line or "level=" in line]


def test_a_broken_file_is_an_error_in_the_journal(flowcron: Installed) -> None:
    flowcron.configure('[jobs.a]\ncommand = "true"\ntimeout = "10x"\n')
    log = flowcron.folder / "scheduler.log"
    log.touch()
    found = log.stat()

    scheduler = flowcron.start(JOURNAL_STREAM=f"{found.st_dev}:{found.st_ino}")

    assert scheduler.wait(30) == 3
    assert '"10x" is not a duration' in flowcron.log()
    assert all(line.startswith("<3>") for line in flowcron.log().splitlines())


@dataclass(frozen=True)
class Deaf(Manager):
    """A manager that cannot take something so many times, and then keeps what it takes."""

    refusals: deque[OSError] = field(default_factory=deque)
    taken: list[tuple[str, ...]] = field(default_factory=list)

    def tell(self, *states: str) -> None:
        if self.refusals:
            raise self.refusals.popleft()
        self.taken.append(states)


def test_what_must_arrive_is_said_again_at_the_next_beat_in_its_order() -> None:
    manager, warnings = Deaf("/somewhere"), list[str]()
    manager.refusals.extend([BlockingIOError(11, "try again")] * 3)
    told = Notifying(manager, status=lambda: "1 job", warn=warnings.append)

    told.ready()
    told.stopping()
    assert manager.taken == []
    told.beat()

    assert manager.taken == [("READY=1",), ("STOPPING=1",), ("STATUS=1 job",)]
    assert len(warnings) == 1
    told.beat()
    assert len(manager.taken) == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "2 jobs, next nightly within a minute"),
        (59, "2 jobs, next nightly within a minute"),
        (17 * 60 + 41, "2 jobs, next nightly in 17m"),
        (5 * 3600 + 12 * 60, "2 jobs, next nightly in 5h 12m"),
        (6 * 86_400 + 7_200, "2 jobs, next nightly in 6d 2h"),
    ],
)
def test_the_status_is_a_line_that_changes_once_a_minute(
    world: World, seconds: int, said: str
) -> None:
    nightly = make_job("nightly", when=(Cron("0 0 * * *", "UTC"),))
    engine = world.engine(nightly, make_job("by-hand"))
    (key,) = engine.book.by_schedule

    assert status_line(engine, (after(seconds), key), now=NOON) == said


def test_the_status_counts_what_runs(world: World) -> None:
    engine = world.engine(make_job("ping", when=(Every(timedelta(minutes=1)),)))
    world.clock.go_on(60)
    engine.look_at_everything()
    engine.step()

    assert status_line(engine, None, now=world.clock.now) == "1 job, 1 running"
    assert status_line(engine, (NOON, "gone since a reload"), now=NOON) == "1 job, 1 running"


def test_nothing_is_asked_where_nobody_listens() -> None:
    def asked() -> str:
        raise AssertionError("the status was asked for")

    told = Notifying(Manager(), status=asked, warn=lambda _: None)

    told.ready()
    told.beat()
    told.stopping()


def test_a_watchdog_with_patience_is_fed_at_the_beats_and_wakes_nothing() -> None:
    manager = Deaf("/somewhere", watchdog=60)
    told = Notifying(manager, status=lambda: "1 job", warn=lambda _: None)
    loop = asyncio.new_event_loop()

    told.begin(loop, beat=10)
    loop.call_later(0.2, loop.stop)
    loop.run_forever()
    loop.close()
    before = list(manager.taken)
    told.beat()

    assert before == [("STATUS=1 job",), ("READY=1",)]
    assert manager.taken[2:] == [("WATCHDOG=1",)]
