"""Processes of attempts whose parents died: on Linux they become children of the supervisor."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
import time

from flowcron.supervisor.identity import stat_fields
from flowcron.supervisor.table import Process, Table, token_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from resource import struct_rusage

    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.deadlines import Deadlines

_PR_SET_CHILD_SUBREAPER = 36
_SOONEST = 1.0  # s between two looks while something runs
_LATEST = 8.0  # s, when there was nothing to reap


def become_reaper(*, reaper: bool = True) -> bool:
    """Make orphaned descendants children of this process, or no longer; return whether it can."""
    if sys.platform != "linux":
        return False
    answer: int = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(reaper), 0, 0, 0)
    return answer == 0


class Orphans:
    """Whose the orphans are; those that end are reaped, once a second while attempts run.

    Each child that is not the first process of an attempt came of one of the attempts that ran
    since the last look, or of an orphan that was there then. If only one comes into question, it is
    its; else what the orphan has on it decides, or nobody knows. Children that were there before
    are nobody's. `on_exit` gets attempts whose first process was reaped here, `on_stray` all other
    children with their status: somebody else in this process may wait for them.
    """

    def __init__(
        self,
        deadlines: Deadlines,
        on_exit: Callable[[Attempt, int, struct_rusage], None],
        on_stray: Callable[[int, int], None],
    ) -> None:
        self._deadlines = deadlines
        self._on_exit = on_exit
        self._on_stray = on_stray
        self._ran: set[Attempt] = set()  # since the last look
        self._owners: dict[int, Attempt | None] = dict.fromkeys(_children())
        self._owners_before: set[Attempt | None] = set()
        self._pause = _SOONEST
        self._is_due = False

    def expect(self, attempt: Attempt) -> None:
        """Know that an attempt runs from now on."""
        self._ran.add(attempt)
        if not self._is_due:
            self._pause = _SOONEST
            self._look_later()

    def by_owner(self) -> dict[Attempt | None, list[int]]:
        """Return the orphans of each attempt, as far as that is known."""
        found: dict[Attempt | None, list[int]] = {}
        for pid, owner in self._owners.items():
            found.setdefault(owner, []).append(pid)
        return found

    def assign(self, pids: Iterable[int], attempt: Attempt) -> None:
        """Remember whose these are, as far as they are orphans."""
        for pid in pids:
            if pid in self._owners:
                self._owners[pid] = attempt

    def reap(self) -> bool:
        """Wait for all children that ended; return whether there were any."""
        self._owners_before = set(self._owners.values())
        first: dict[int, Attempt] | None = None
        while ended := _wait():
            pid, status, usage = ended
            if first is None:
                first = {attempt.pid: attempt for attempt in self._ran if not attempt.final}
            self._owners.pop(pid, None)
            if pid in first:
                self._on_exit(first[pid], status, usage)
            else:
                self._on_stray(pid, status)
        return first is not None

    def claim(self, children: Iterable[int]) -> None:
        """Find out whose those children are that are new; call it after `reap`."""
        running = {attempt.pid for attempt in self._ran if not attempt.final}
        possible = self._owners_before | self._ran
        for pid in children:
            if pid not in running and pid not in self._owners:
                self._owners[pid] = _owner_of(pid, possible)
        self._ran = {attempt for attempt in self._ran if not attempt.final}

    def _look(self) -> None:
        self._is_due = False
        found = self.reap()
        self.claim(_children())
        self._pause = _SOONEST if found else min(2 * self._pause, _LATEST)
        if self._ran:
            self._look_later()

    def _look_later(self) -> None:
        self._is_due = True
        self._deadlines.add(time.monotonic() + self._pause, self._look)


def _wait() -> tuple[int, int, struct_rusage] | None:
    try:
        ended = os.wait4(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return ended if ended[0] else None


def _children() -> list[int]:
    """Return the children of this process; only it can take one off the list, by waiting."""
    pid = os.getpid()
    try:
        with open(f"/proc/self/task/{pid}/children", "rb", buffering=0) as children:
            return [int(child) for child in children.readall().split()]
    except FileNotFoundError:  # a kernel that does not list them
        return Table().children.get(pid, [])


def _owner_of(pid: int, possible: set[Attempt | None]) -> Attempt | None:
    if len(possible) == 1:
        return next(iter(possible))
    fields = stat_fields(pid)
    if not fields:
        return None
    process, token, pipes = Process(pid, fields), token_of(pid), _outputs(pid)
    attempts = [attempt for attempt in possible if attempt is not None]
    for attempt in attempts:
        if attempt.token.encode() == token:
            return attempt
    for attempt in attempts:
        if attempt.pid in {process.group, process.session} or not pipes.isdisjoint(_pipes(attempt)):
            return attempt
    return None


def _outputs(pid: int) -> set[int]:
    """Return the inodes of the pipes that a process writes to."""
    found = set()
    for number in (1, 2):
        try:
            about = os.stat(f"/proc/{pid}/fd/{number}")
        except OSError:  # it has none, or has just ended
            continue
        if stat.S_ISFIFO(about.st_mode):
            found.add(about.st_ino)
    return found


def _pipes(attempt: Attempt) -> set[int]:
    """Return the inodes of the pipes that an attempt's output comes from."""
    return {os.fstat(stream.fd).st_ino for stream in attempt.streams if stream.is_open}
