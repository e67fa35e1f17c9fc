"""Killed at the nth of its system calls between the wish for a run and the end of it."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

import pytest

from fakes import poll
from flowcron.history import requests
from flowcron.history.database import open_history, transaction
from flowcron.system import clock
from flowcron.system.poke import poke
from straced import needs_strace, straced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installed import Installed

ALL = os.environ.get("FLOWCRON_SYSTEM_CALLS") == "all"
JOB = '[jobs.once]\ncommand = "echo $FLOWCRON_RUN_ID >> witness; exit 7"\n'
TRIED: dict[str, Iterable[int]] = {
    "fdatasync": (1, 2, 3),
    "pwrite64": (1, 4, 7),
    "sendto": (1, 2),
    "recvfrom": (1, 2),
    "epoll_wait": (3,),
}
OTHERS = "pread64 fcntl ftruncate read write openat close unlink epoll_ctl newfstatat lseek mmap"
EVERY: dict[str, Iterable[int]] = {call: count(1) for call in (*TRIED, *OTHERS.split())}


@needs_strace
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_scheduler_that_dies_at_any_system_call_starts_each_run_once_and_keeps_its_status(
    flowcron: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    """FLOWCRON_SYSTEM_CALLS=all tries every one that there is, else some are tried."""
    flowcron.configure(JOB)
    victim = Victim(flowcron)
    for call, numbers in (EVERY if ALL else TRIED).items():
        for number in numbers:
            if not victim.dies_at(call, number):
                break

    runs = flowcron.rows("SELECT id, state, exit_code, attempts FROM runs")
    starts = Counter(map(int, (flowcron.folder / "witness").read_text().split()))
    assert runs == [(run, "failed", 7, 1) for run in range(1, victim.asked + 1)]
    assert starts == Counter(range(1, victim.asked + 1))
    assert victim.deaths >= len(TRIED)
    with capsys.disabled():
        sys.stdout.write(f"\ndied at {victim.deaths} system calls, 0 violations ")


class Victim:
    """A scheduler that is followed by another each time it dies."""

    def __init__(self, flowcron: Installed) -> None:
        self._flowcron = flowcron
        self._scheduler = flowcron.start_and_wait()
        self.asked = 0
        self.deaths = 0

    def dies_at(self, call: str, number: int) -> bool:
        """Ask for a run; return whether the scheduler died before that was over."""
        self.asked += 1
        scheduler = self._scheduler
        with straced(scheduler.pid, "-e", f"inject={call}:signal=KILL:when={number}"):
            self._ask()
            poll(lambda: scheduler.poll() is not None or self._is_over())
        if scheduler.poll() is None:
            return False
        assert scheduler.returncode == -signal.SIGKILL
        self.deaths += 1
        self._scheduler = self._flowcron.start_and_wait()
        poll(self._is_over)
        return True

    def _ask(self) -> None:
        state = self._flowcron.folder / ".flowcron"
        history = open_history(state / "history.db")
        with transaction(history):
            requests.ask(
                history,
                "run",
                {"job": "once"},
                scheduler=None,
                requested_by="test",
                at=clock.now(),
            )
        history.close()
        poke(state)

    def _is_over(self) -> bool:
        over = self._flowcron.rows("SELECT count(*) FROM runs WHERE finished_at IS NOT NULL")
        return over == [(self.asked,)]
