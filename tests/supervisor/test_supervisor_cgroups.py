"""A cgroup for each attempt, where a part of the hierarchy was delegated to the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asking import PATIENCE, OverSocket, is_alive
from flowcron.supervisor.cgroups import Cgroups
from flowcron.supervisor.client import connect
from flowcron.supervisor.protocol import Message

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a cgroup to delegate"),
]


def mounted() -> Path | None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, kind = line.partition(" - ")
        if kind.startswith("cgroup2 ") and mount.split()[3] == "/":
            return Path(mount.split()[4])
    return None


def own_place() -> str:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return next(line[len("0::/") :] for line in lines if line.startswith("0::/"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a cgroup of our own that is marked as systemd marks what it delegates."""
    root = mounted()
    if root is None:
        pytest.skip("no cgroups of version 2 are mounted here")
    home = root / own_place()
    made = root / f"flowcron-test-{os.getpid()}"
    try:
        made.mkdir()
        os.setxattr(made, "user.delegate", b"1")
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    yield made
    (home / "cgroup.procs").write_text(str(os.getpid()))  # a test may have brought us in
    (made / "cgroup.kill").write_text("1")
    deadline = time.monotonic() + PATIENCE
    while made.exists():
        assert time.monotonic() < deadline
        for below in sorted(made.glob("**/"), reverse=True):
            remove(below)


def remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # a process in it has not ended yet
        time.sleep(0.01)


class InCgroup:
    """A supervisor process in a cgroup, as a service would start it."""

    def __init__(self, folder: Path, state_dir: Path) -> None:
        self.folder = folder
        self.state_dir = state_dir
        self.epoch = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.asked: list[OverSocket] = []

    def start(self) -> OverSocket:
        join = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        words = [sys.executable, "-m", "flowcron.supervisor", str(self.state_dir)]
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", join, "sh", *words], stderr=subprocess.DEVNULL
        )
        self.epoch += 1
        deadline = time.monotonic() + PATIENCE
        while (
            greeting := connect(str(self.state_dir), epoch=self.epoch, environment=PATH)
        ) is None:
            assert time.monotonic() < deadline
        self.asked.append(OverSocket(self.state_dir, greeting))
        return self.asked[-1]

    def kill(self) -> None:
        assert self.process is not None
        for asked in self.asked:
            asked.connection.close()
        self.process.kill()
        self.process.wait()

    def below(self) -> list[str]:
        return sorted(entry.name for entry in self.folder.iterdir() if entry.is_dir())


PATH = {"PATH": os.environ["PATH"]}


@pytest.fixture
def service(folder: Path, tmp_path: Path) -> Iterator[InCgroup]:
    started = InCgroup(folder, tmp_path)
    yield started
    started.kill()


@pytest.mark.parametrize("way", [{}, {"umask": 0o22}])
def test_each_attempt_has_a_cgroup_of_its_own_while_it_runs(
    service: InCgroup, way: dict[str, Any]
) -> None:
    scheduler = service.start()

    exited = run(scheduler, "cat /proc/self/cgroup", **way)

    assert f"/{service.folder.name}/flowcron-token-1" in exited["last"]
    scheduler.until(lambda: service.below() == [])
    assert (service.folder / "cgroup.subtree_control").read_text().split() == []


def run(scheduler: OverSocket, script: str, **fields: Any) -> Message:
    scheduler.shell(script, token="token-1", **fields)
    return scheduler.wait_for("exited")


DAEMON = "(env -i setsid sh -c 'trap \"\" TERM; echo $$ > {pid}; exec sleep 600' >/dev/null 2>&1 &)"


def test_nothing_escapes_a_timeout_by_any_means(service: InCgroup, tmp_path: Path) -> None:
    """Another job runs as well, so that without the cgroup nobody knew whose the daemon is."""
    scheduler = service.start()
    scheduler.shell("sleep 600", run=2)
    pid = tmp_path / "daemon"
    scheduler.shell(
        f"{DAEMON.format(pid=pid)}\nwhile :; do sleep 0.1; done", timeout=0.5, kill_after=0.2
    )

    assert scheduler.wait_for("exited", run=1)["why"] == "timeout"

    scheduler.until(lambda: not is_alive(int(pid.read_text())))
    scheduler.until(lambda: len(service.below()) == 1)


def test_what_a_finished_job_leaves_keeps_its_cgroup_until_it_ends(
    service: InCgroup, tmp_path: Path
) -> None:
    scheduler = service.start()
    pid = tmp_path / "daemon"
    run(scheduler, DAEMON.format(pid=pid) + f"\nwhile ! [ -s {pid} ]; do sleep 0.05; done")
    daemon = int(pid.read_text())
    kept = service.below()

    os.kill(daemon, signal.SIGKILL)
    scheduler.until(lambda: not is_alive(daemon))

    assert kept == ["flowcron-token-1"]
    numbers = iter(range(2, 1000))
    scheduler.until(lambda: tidied(scheduler, service, next(numbers)))


def tidied(scheduler: OverSocket, service: InCgroup, run: int) -> bool:
    """Run something, which is when what is empty is removed, at most once a second."""
    scheduler.shell("exit 0", run=run)
    scheduler.wait_for("exited", run=run)
    return service.below() == []


def test_a_daemon_of_an_adopted_attempt_does_not_escape(service: InCgroup, tmp_path: Path) -> None:
    before = service.start()
    pid = tmp_path / "daemon"
    before.shell(f"{DAEMON.format(pid=pid)}\nwhile :; do sleep 0.1; done", token="token-1")
    started = before.wait_for("started")
    before.until(lambda: pid.exists() and pid.read_text())
    service.kill()
    after = service.start()

    after.send(
        {
            "op": "adopt",
            "run": 1,
            "attempt": 1,
            "token": "token-1",
            "pid": started["pid"],
            "pid_started": started["pid_started"],
            "pid_inode": started["pid_inode"],
            "started_at": started["at"],
            "deadline": time.time_ns() // 1000,
            "kill_after": 0.2,
            "log": "logs/0/1.1",
            "log_limit": 1000,
        }
    )

    after.until(lambda: not is_alive(int(pid.read_text())))
    assert after.wait_for("exited")["why"] == "timeout"


def test_empty_cgroups_of_a_dead_supervisor_are_removed(folder: Path) -> None:
    (folder / "flowcron-left" / "made-by-the-job").mkdir(parents=True)
    (folder / "of-others").mkdir()

    cgroups = Cgroups(str(folder))
    entered = cgroups.enter("new")
    cgroups.leave()

    assert entered is not None
    assert entered.members() == []
    assert sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) == [
        "flowcron-new",
        "of-others",
    ]


def test_a_cgroup_that_is_not_marked_is_left_alone(service: InCgroup) -> None:
    os.removexattr(service.folder, "user.delegate")
    scheduler = service.start()

    exited = run(scheduler, "cat /proc/self/cgroup")

    assert exited["last"].endswith(f"/{service.folder.name}")
