"""Processes of this machine: whether they are still the ones we started, and how they ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from pathlib import Path

from flowcron.domain.ports import Process

_PR_SET_CHILD_SUBREAPER = 36
_REMEMBERED = 10_000  # ended children whose status nobody has asked for yet
_PROC = Path("/proc")


class MachineProcesses:
    """The real processes; it is also where orphans end when this process is their reaper.

    Any thread may ask for a status.
    """

    def __init__(self) -> None:
        self._ended: dict[int, int] = {}
        self._lock = threading.Lock()

    def reap(self) -> None:
        """Collect every ended child and remember its status: call it on SIGCHLD."""
        with self._lock:
            self._reap()

    def status_of(self, pid: int) -> int | None:
        """Return the wait status of an ended child of ours, or None when it is not known."""
        with self._lock:
            self._reap()
            return self._ended.pop(pid, None)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._ended[ended[0]] = ended[1]
        while len(self._ended) > _REMEMBERED:
            self._ended.pop(next(iter(self._ended)))

    def owner(self) -> Process:
        """Return the identity of this process."""
        return _identity(os.getpid()) or Process(os.getpid(), None, None)

    def is_alive(self, process: Process) -> bool:
        """Return whether this very process, not another with its pid, still runs."""
        if process.started is None and process.inode is None:
            return not hasattr(os, "pidfd_open") and _answers(process.pid)
        found = _identity(process.pid)
        return (
            found is not None
            and process.started in {None, found.started}
            and process.inode in {None, found.inode}
        )

    def with_token(self, tokens: frozenset[str]) -> dict[str, Process]:
        """Return the oldest living process of each token found in an environment."""
        found: dict[str, Process] = {}
        if not tokens or not _PROC.is_dir():
            return found
        for pid in sorted(int(folder.name) for folder in _PROC.iterdir() if folder.name.isdigit()):
            token = _token_of(pid)
            if token in tokens and token not in found and (process := _identity(pid)):
                found[token] = process
        return found


def become_reaper() -> None:
    """Make orphaned descendants of this process its children, where the system can (Linux).

    Then a job whose supervisor was killed is ours to wait for, and its status is not lost.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def boot_id() -> str:
    """Return what is different after each boot of this machine."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        answer = ctypes.create_string_buffer(64)
        size = ctypes.c_size_t(len(answer))
        ctypes.CDLL(None).sysctlbyname(b"kern.bootsessionuuid", answer, ctypes.byref(size), None, 0)
        return answer.value.decode()


def _identity(pid: int) -> Process | None:
    """Return the identity of a living process; a zombie is not alive."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
    try:
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b") ")[2].split()
        if fields[0] in {b"Z", b"X"}:
            return None
        return Process(pid, int(fields[19]), os.fstat(descriptor).st_ino)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _answers(pid: int) -> bool:
    """Return whether there is a process with this number: all that macOS tells without effort."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _token_of(pid: int) -> str | None:
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    for variable in environment.split(b"\0"):
        if variable.startswith(b"FLOWCRON_TOKEN="):
            return variable[15:].decode(errors="replace")
    return None
