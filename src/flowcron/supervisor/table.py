"""All processes of this machine at one moment, as /proc shows them; without /proc, none."""

from __future__ import annotations

import os

from flowcron.supervisor.identity import stat_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = b"\0FLOWCRON_TOKEN="


class Process:
    """One process: `start` is in clock ticks since boot; a session of 0 is not of this world."""

    __slots__ = ("group", "is_alive", "parent", "pid", "session", "start")

    def __init__(self, pid: int, fields: list[bytes]) -> None:
        self.pid = pid
        self.parent = int(fields[1])
        self.group = int(fields[2])
        self.session = int(fields[3])
        self.start = int(fields[19])
        # Of a program whose first thread has ended the others go on.
        self.is_alive = fields[0] not in {b"Z", b"X"} or int(fields[17]) > 1

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from the processes that had its pid before and get it later."""
        return self.pid, self.start


class Table:
    """The processes by pid, and the pids by parent, and by the number of group and session."""

    __slots__ = ("around", "children", "processes")

    def __init__(self) -> None:
        self.processes: dict[int, Process] = {}
        self.children: dict[int, list[int]] = {}
        self.around: dict[int, list[int]] = {}
        for pid in _pids():
            if fields := stat_fields(pid):
                process = self.processes[pid] = Process(pid, fields)
                self.children.setdefault(process.parent, []).append(pid)
                for number in {pid, process.group, process.session}:
                    self.around.setdefault(number, []).append(pid)

    def below(self, roots: Iterable[int], *, but: int) -> dict[int, Process]:
        """Return these processes and all that descends from them, without `but` and what is its."""
        found: dict[int, Process] = {}
        waiting = list(roots)
        while waiting:
            pid = waiting.pop()
            process = self.processes.get(pid)
            if process is not None and pid not in found and pid != but:
                found[pid] = process
                waiting += self.children.get(pid, ())
        return found


def token_of(pid: int) -> bytes | None:
    """Return the token that a process has in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as environ:
            variables = b"\0" + environ.readall()
    except OSError:  # it ended, or is another user's
        return None
    _, found, rest = variables.partition(_TOKEN)
    return rest.partition(b"\0")[0] if found else None


def _pids() -> list[int]:
    try:
        return [int(entry) for entry in os.listdir("/proc") if entry.isdecimal()]
    except FileNotFoundError:
        return []
