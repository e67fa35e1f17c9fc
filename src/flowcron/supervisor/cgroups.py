"""A cgroup of its own for each attempt, where a part of the hierarchy was delegated to us.

It says who belongs to an attempt and ends all of them at one stroke, whatever they did to hide. No
controller is ever enabled: that would keep a systemd service from being started again. To be born
in it, so that not even the first fork escapes, a process is started from there: the supervisor goes
there and back, which takes 0.4 ms, and up to 10 ms when nothing was started for a while.
"""

from __future__ import annotations

import os
import time

from flowcron.supervisor.journal import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "flowcron-"
_MARKS = ("user.delegate", "trusted.delegate")  # set to 1 by systemd for Delegate=yes
_BETWEEN_TIDYING = 1.0  # s


class Cgroup:
    """The folder of one attempt's cgroup."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def members(self) -> list[int]:
        """Return the processes in it and in those that they made below it."""
        found: list[int] = []
        for folder, _, _ in os.walk(self.path):
            try:
                with open(os.path.join(folder, "cgroup.procs"), "rb") as processes:
                    found += map(int, processes.read().split())
            except OSError:  # it was removed meanwhile
                continue
        return found

    def kill(self) -> None:
        """Kill all of them at once, where the kernel can (Linux 5.14)."""
        if os.getpid() in self.members():  # the way out of it was barred
            return
        try:
            _write(self.path, "cgroup.kill", "1")
        except OSError:
            return

    def remove(self) -> bool:
        """Remove it, and return whether it is gone: it stays while a process is in it."""
        try:
            for folder, _, _ in os.walk(self.path, topdown=False):
                os.rmdir(folder)
        except OSError:
            return not os.path.isdir(self.path)
        return True


class Cgroups:
    """The cgroups below our own; what ended attempts left running keeps theirs for as long."""

    __slots__ = ("_busy", "_folder", "_tidied_at")

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._busy = [Cgroup(path) for path in _left_in(folder)]
        self._tidied_at = 0.0

    def enter(self, token: str) -> Cgroup | None:
        """Go to a new cgroup, so that what is started is born in it; None if there can be none."""
        self._tidy()
        cgroup = Cgroup(os.path.join(self._folder, _PREFIX + token))
        try:
            os.mkdir(cgroup.path)
            _write(cgroup.path, "cgroup.procs", "0")
        except OSError:
            self.drop(cgroup)
            return None
        return cgroup

    def leave(self) -> None:
        """Return to our own cgroup."""
        try:
            _write(self._folder, "cgroup.procs", "0")
        except OSError as error:
            note(f"cannot leave the cgroup of a run: {error}")

    def find(self, token: str) -> Cgroup | None:
        """Return the cgroup that another supervisor made for an attempt."""
        cgroup = Cgroup(os.path.join(self._folder, _PREFIX + token))
        return cgroup if os.path.isdir(cgroup.path) else None

    def drop(self, cgroup: Cgroup) -> None:
        """Remove a cgroup, now or once nothing is in it any more."""
        if not cgroup.remove():
            self._busy.append(cgroup)

    def _tidy(self) -> None:
        now = time.monotonic()
        if self._busy and now - self._tidied_at >= _BETWEEN_TIDYING:
            self._busy = [cgroup for cgroup in self._busy if not cgroup.remove()]
            self._tidied_at = now


def delegated() -> Cgroups | None:
    """Return where we may make cgroups: below our own, if it is marked as delegated."""
    folder = _own_folder()
    if folder is None or not os.access(folder, os.W_OK) or not _is_marked(folder):
        return None
    return Cgroups(folder)


def _write(folder: str, name: str, content: str) -> None:
    fd = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, content.encode())
    finally:
        os.close(fd)


def _own_folder() -> str | None:
    try:
        with open("/proc/self/cgroup") as own:
            path = next((line[3:].rstrip("\n") for line in own if line.startswith("0::/")), None)
        with open("/proc/self/mountinfo") as mounts:
            mounted = next(_places(mounts), None)
    except OSError:
        return None
    if path is None or mounted is None:
        return None
    return os.path.normpath(mounted + path)


def _places(mounts: Iterator[str]) -> Iterator[str]:
    """Give where the whole hierarchy of version 2 is mounted; see proc_pid_mountinfo(5)."""
    for line in mounts:
        mount, _, kind = line.partition(" - ")
        words = mount.split()
        if kind.startswith("cgroup2 ") and words[3] == "/":
            yield words[4]


def _is_marked(folder: str) -> bool:
    return any(_mark(folder, name) == b"1" for name in _MARKS)


def _mark(folder: str, name: str) -> bytes | None:
    try:
        return os.getxattr(folder, name)
    except (OSError, AttributeError):  # not marked, or no system with cgroups
        return None


def _left_in(folder: str) -> list[str]:
    names = [name for name in os.listdir(folder) if name.startswith(_PREFIX)]
    return [os.path.join(folder, name) for name in names]
