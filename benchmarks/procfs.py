"""What Linux says about processes: CPU, memory and wake-ups, read from /proc.

CPU of living threads is taken from schedstat (nanoseconds); /proc/PID/stat, which counts in
ticks of 10 ms, only fills in for threads that have ended and for children that were waited for.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds: of the processes themselves, and of the children they have waited for."""

    own: float
    children: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes resident: now, and at most since the process began."""

    now: int
    peak: int


def family(roots: Iterable[int]) -> frozenset[int]:
    """Return the living processes among `roots`, and all that descends from them."""
    children: dict[int, list[int]] = defaultdict(list)
    alive = set()
    for pid, parent in _parents():
        alive.add(pid)
        children[parent].append(pid)
    found: set[int] = set()
    ahead = [pid for pid in roots if pid in alive]
    while ahead:
        pid = ahead.pop()
        found.add(pid)
        ahead += children[pid]
    return frozenset(found)


def command_line(pid: int) -> bytes:
    """Return the words of a process, each ended by NUL; empty when it is gone."""
    return _read(pid, "cmdline")


def cpu(pids: Iterable[int]) -> Cpu:
    """Return what these processes have used so far."""
    own = children = 0.0
    for pid in pids:
        if fields := _stat(pid):
            user, system, children_user, children_system = (int(x) * TICK for x in fields[11:15])
            own += max(_of_living_threads(pid), user + system - 2 * TICK)
            children += children_user + children_system
    return Cpu(own, children)


def memory(pids: Iterable[int]) -> Memory:
    """Return what these processes hold together; pages they share count for each."""
    now = peak = 0
    for pid in pids:
        lines = dict(_lines(_read(pid, "status")))
        now += _kib(lines.get(b"VmRSS"))
        peak += _kib(lines.get(b"VmHWM"))
    return Memory(now, peak)


def wakeups(pids: Iterable[int]) -> int:
    """Return how often the threads of these processes slept and were woken."""
    total = 0
    for pid in pids:
        for task in _tasks(pid):
            lines = dict(_lines(_read(pid, f"task/{task}/status")))
            total += int(lines.get(b"voluntary_ctxt_switches", 0))
    return total


def machine_busy() -> float:
    """Return the CPU seconds that were used since boot, or stolen by the hypervisor."""
    first = (_PROC / "stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, first[:8])
    return (user + nice + system + interrupts + soft + stolen) * TICK


def _parents() -> Iterator[tuple[int, int]]:
    for entry in os.scandir(_PROC):
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) and fields[0] != b"Z":
            yield int(entry.name), int(fields[1])


def _stat(pid: int) -> list[bytes]:
    """Return the fields from the state on: the name before them may hold blanks."""
    return _read(pid, "stat").rpartition(b")")[2].split()


def _of_living_threads(pid: int) -> float:
    fields = (_read(pid, f"task/{task}/schedstat").split() for task in _tasks(pid))
    return sum(int(found[0]) for found in fields if found) / 1e9


def _tasks(pid: int) -> list[str]:
    try:
        return [path.name for path in (_PROC / str(pid) / "task").iterdir()]
    except _GONE:
        return []


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except _GONE:
        return b""


def _lines(status: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in status.splitlines():
        name, _, value = line.partition(b":")
        yield name, value


def _kib(value: bytes | None) -> int:
    return int(value.split()[0]) * 1024 if value else 0
