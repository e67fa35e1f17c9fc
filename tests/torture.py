"""Twenty jobs a second, and everything that can be done to whoever runs them.

The jobs are their own witnesses: each writes down its run in a file that flowcron does not know.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path

from fakes import poll
from installed import Installed

JOBS = 20
SECOND = 1_000_000
SHORTEST, LONGEST = 0.1, 1.5  # seconds that a scheduler lives; it listens after about 0.5
GRACE = 180  # seconds to make up for all that was missed, and one more for each kill

JOB = '''
[jobs.j{n}]
every   = "1s"
missed  = "all"
command = """
echo $FLOWCRON_RUN_ID >> '{witness}/j{n}'
echo said
sleep 0.1
echo more || exit 99
exit {n}"""
'''


class Torture:
    """One installation, and what is done to it; `seed` makes the same choices again."""

    def __init__(self, flowcron: Installed, *, faults: Sequence[str], seed: int) -> None:
        self.flowcron = flowcron
        self.state = flowcron.folder / ".flowcron"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.kills = self.lost = 0
        self._faults = faults
        self._chance = random.Random(seed)
        self._witness = flowcron.folder / "witness"
        self._witness.mkdir()
        self.configuration = "".join(JOB.format(n=n, witness=self._witness) for n in range(JOBS))
        flowcron.configure(self.configuration)

    def go_on(self, kills: int) -> None:
        """Let that many schedulers live for a moment; each fault comes in turn, with another."""
        for life in range(kills):
            first = [self._faults[life % len(self._faults)]] if self._faults else []
            self._live(*first, *self._chance.sample(self._faults, k=min(1, len(self._faults))))

    def check(self) -> int:
        """Let it catch up in peace; return how many scheduled times had their one run."""
        last = self.flowcron.start_and_wait()
        seen = int(time.time() * SECOND)
        poll(lambda: self._is_caught_up(seen), seconds=GRACE + self.kills)
        assert self.flowcron.stop(last) == 0
        assert "Traceback" not in self.flowcron.log()
        return sum(self._check_job(n, seen) for n in range(JOBS))

    def wait(self, longest: float = LONGEST) -> None:
        """Let a while pass: the fault itself, not a wait for something."""
        time.sleep(self._chance.uniform(SHORTEST, longest))

    def is_lucky(self) -> bool:
        """Return True every other time."""
        return self._chance.random() < 0.5

    def supervisor(self) -> int | None:
        """Return the pid of the supervisor, or None when it has gone."""
        rows = self.flowcron.rows("SELECT pid FROM supervisors ORDER BY id DESC LIMIT 1")
        pid = int(rows[0][0]) if rows else 0
        with suppress(OSError):
            if b"flowcron.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return None

    def _live(self, *faults: str) -> None:
        self.scheduler = self.flowcron.start()
        with ExitStack() as stack:
            for fault in dict.fromkeys(faults):
                self.wait()
                stack.enter_context(FAULTS[fault](self))
            self.wait()
            if self.is_lucky():
                self._kill()
        self._kill()

    def _kill(self) -> None:
        if self.scheduler is not None:
            self.flowcron.kill(self.scheduler)
            self.kills += 1
        self.scheduler = None

    def _is_caught_up(self, until: int) -> bool:
        ((open_runs,),) = self.flowcron.rows(
            "SELECT count(*) FROM runs WHERE scheduled_at <= ? AND "
            "state IN ('queued', 'running', 'retrying')",
            until,
        )
        ((behind,),) = self.flowcron.rows(
            "SELECT count(*) FROM jobs WHERE decided_through < ?", until
        )
        return not open_runs and not behind

    def _check_job(self, n: int, seen: int) -> int:
        rows = self.flowcron.rows(
            "SELECT runs.id, scheduled_at, state, exit_code FROM runs "
            "JOIN jobs ON jobs.id = job_id WHERE name = ? ORDER BY scheduled_at",
            f"j{n}",
        )
        times = [at for _, at, _, _ in rows]
        assert times == list(range(times[0], times[-1] + SECOND, SECOND))
        starts = Counter(map(int, (self._witness / f"j{n}").read_text().split()))
        assert set(starts.values()) == {1}
        ended = {run for run, _, state, _ in rows if state in {"success", "failed"}}
        lost = {run for run, _, state, _ in rows if state == "lost"}
        assert ended <= starts.keys() <= ended | lost
        assert {code for run, _, _, code in rows if run in ended} == {n}
        states = {state for _, at, state, _ in rows if at <= seen}
        assert states <= {"success", "failed", "skipped", "lost"}
        assert not lost or "supervisor" in self._faults
        self.lost += len(lost)
        return len(times)


@contextmanager
def _supervisor_killed(torture: Torture) -> Iterator[None]:
    """Kill the supervisor: the jobs go on, and write to their pipes."""
    pid = torture.supervisor()
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    yield


@contextmanager
def _stopped(torture: Torture) -> Iterator[None]:
    """Stop the scheduler, and let it go on as if nothing had been."""
    scheduler = torture.scheduler
    if scheduler is not None:
        scheduler.send_signal(signal.SIGSTOP)
        torture.wait(2.0)
        scheduler.send_signal(signal.SIGCONT)
    yield


@contextmanager
def _second_scheduler(torture: Torture) -> Iterator[None]:
    """Start another: it is refused, or goes on when the first is killed."""
    second = torture.flowcron.start()
    yield
    if torture.is_lucky():
        torture.wait()
    assert second.poll() in {None, 1, 3, 6}  # with a full disk, a broken file, beside the first
    torture.flowcron.kill(second)


@contextmanager
def _locked(torture: Torture) -> Iterator[None]:
    """Hold the lock of the history, also for longer than the scheduler waits."""
    path = torture.state / "history.db"
    if not path.exists():
        yield
        return
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as holder:
        with suppress(sqlite3.OperationalError):  # not even that, on a full disk
            holder.execute("BEGIN IMMEDIATE")
        torture.wait(2.5)
        yield


@contextmanager
def _broken_reload(torture: Torture) -> Iterator[None]:
    """Break the file, have it read, and mend it."""
    torture.flowcron.configure("[jobs.broken\n")
    _reload(torture)
    torture.wait()
    torture.flowcron.configure(torture.configuration)
    _reload(torture)
    yield


def _reload(torture: Torture) -> None:
    """Send SIGHUP; one that does not listen yet dies of it, which is but another way to die."""
    if torture.scheduler is not None:
        torture.scheduler.send_signal(signal.SIGHUP)


@contextmanager
def _full_disk(torture: Torture) -> Iterator[None]:
    """Leave no space where the history is."""
    filler = torture.state / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            continue
    torture.wait(2.0)
    yield
    filler.unlink(missing_ok=True)


FAULTS: dict[str, Callable[[Torture], AbstractContextManager[None]]] = {
    "supervisor": _supervisor_killed,
    "stop": _stopped,
    "second": _second_scheduler,
    "lock": _locked,
    "reload": _broken_reload,
    "disk": _full_disk,
}
