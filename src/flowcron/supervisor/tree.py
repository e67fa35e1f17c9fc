"""The whole tree of an attempt: all that came of its process, wherever it went.

Members are told by any of these: they are in the attempt's cgroup (where there is one), in the
process group or the session of its first process, have its token in their environment, descend
from a member, were members when last looked, or are orphans that can only be of this attempt.
What cannot be told: a process that has left group and session, has cleared its environment, holds
none of the attempt's pipes, and lost its parent before anybody looked, while other attempts ran
too; after the supervisor was killed, also while none ran. With a cgroup nothing escapes.
"""

from __future__ import annotations

import os
import signal
import time

from flowcron.supervisor.identity import is_there, start_ticks
from flowcron.supervisor.table import Process, Table, token_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.orphans import Orphans

_NOTICED_LATE = 1.5  # s, at most, after others have reaped the first process of an adopted attempt
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # elsewhere there is no /proc


class Tree:
    """The members of one attempt that were alive at the last look."""

    __slots__ = ("_known", "_reaped_at", "alive", "attempt")

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.alive: dict[int, Process] = {}
        self._reaped_at: float | None = None  # clock ticks since boot
        self._known: set[tuple[int, int]] = set()

    def first_was_reaped(self) -> None:
        """Know that the number of the first process is free, unless its group still has it."""
        late = _NOTICED_LATE if self.attempt.is_adopted else 0.0
        self._reaped_at = (time.clock_gettime(_BOOT_CLOCK) - late) * os.sysconf("SC_CLK_TCK")

    def look(self, table: Table, orphans: Iterable[int]) -> None:
        """Find the members, but for those that have nothing but the token."""
        if self._reaped_at is None and not _is_unreaped(self.attempt):
            self.first_was_reaped()
        self.alive = {}
        roots = {pid for pid, start in self._known if _is(table.processes.get(pid), start)}
        roots.update(self._of_first(table), orphans)
        if self.attempt.cgroup is not None:
            roots.update(self.attempt.cgroup.members())
        self.add(table, roots)

    def add(self, table: Table, roots: Iterable[int]) -> None:
        """Add processes and what descends from them."""
        for pid, process in table.below(roots, but=os.getpid()).items():
            if process.is_alive:
                self.alive[pid] = process
                self._known.add(process.key)

    def send(self, number: int, processes: Iterable[Process]) -> None:
        """Signal the process group at one stroke, and each of the processes that is not in it."""
        grouped = signal_group(self.attempt, number)
        for process in processes:
            if not grouped or process.group != self.attempt.pid:
                _signal(process, number)

    def _of_first(self, table: Table) -> list[int]:
        """Return what is in the group and the session of the first process, and itself.

        Its number stays taken while one of them is there. Once it was reaped and they are gone, it
        may be another's: then nobody in "its" session is as old as its end.
        """
        found = table.around.get(self.attempt.pid, [])
        oldest = min((table.processes[pid].start for pid in found), default=0)
        return found if self._reaped_at is None or oldest < self._reaped_at else []


def look(trees: Sequence[Tree], orphans: Orphans | None) -> None:
    """Find the members of all these trees in one walk through /proc."""
    if orphans is not None:
        orphans.reap()
    table = Table()
    if orphans is not None:
        orphans.claim(table.children.get(os.getpid(), ()))
    owned = orphans.by_owner() if orphans is not None else {}
    for tree in trees:
        tree.look(table, owned.get(tree.attempt, ()))
    _find_tokens(trees, table)
    if orphans is not None:
        for tree in trees:
            orphans.assign(tree.alive, tree.attempt)


def signal_group(attempt: Attempt, number: int) -> bool:
    """Signal the attempt's process group, as long as its first process was not reaped."""
    if not _is_unreaped(attempt):
        return False
    try:
        os.killpg(attempt.pid, number)
    except (ProcessLookupError, PermissionError):  # it ended; a zombie is refused on macOS
        return False
    return True


def _is_unreaped(attempt: Attempt) -> bool:
    """Return whether the number of the first process is surely its own."""
    if attempt.final:
        return False
    return attempt.pidfd < 0 or is_there(attempt.pidfd)  # others may reap an adopted one


def _find_tokens(trees: Sequence[Tree], table: Table) -> None:
    by_token = {tree.attempt.token.encode(): tree for tree in trees}
    found = {os.getpid()}.union(*(tree.alive for tree in trees))
    for pid, process in table.processes.items():
        if process.session and process.is_alive and pid not in found:
            tree = by_token.get(token_of(pid) or b"")
            if tree is not None:
                tree.add(table, (pid,))


def _is(process: Process | None, start: int) -> bool:
    return process is not None and process.start == start


def _signal(process: Process, number: int) -> None:
    """Signal a process; the pidfd is opened first, so that it is the one that is looked at."""
    try:
        pidfd = os.pidfd_open(process.pid)
    except (OSError, AttributeError):  # it is gone; or an old kernel, where nothing is certain
        return
    try:
        if start_ticks(process.pid) == process.start:
            signal.pidfd_send_signal(pidfd, number)
    except OSError:  # it is gone, or has become another user
        return
    finally:
        os.close(pidfd)
