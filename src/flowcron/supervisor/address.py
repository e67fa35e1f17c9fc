"""Where the supervisor's socket is, also when the path is longer than an address may be."""

from __future__ import annotations

import os

SOCKET = "supervisor.sock"
LOCK = "supervisor.lock"
LOG = "supervisor.log"

_LONGEST = 100  # sun_path holds 108 bytes on Linux, 104 elsewhere


class ShortPath:
    """A path to a file of the state directory that fits into the address of a socket."""

    __slots__ = ("_before", "_folder", "_name", "_state_dir")

    def __init__(self, state_dir: str, name: str) -> None:
        self._state_dir = state_dir
        self._name = name
        self._folder = -1
        self._before = -1

    def __enter__(self) -> str:
        """Return the path, which is good until the end of the block."""
        path = os.path.join(self._state_dir, self._name)
        if len(os.fsencode(path)) <= _LONGEST:
            return path
        self._folder = _open_folder(self._state_dir)
        if os.path.exists("/proc/self/fd"):
            return f"/proc/self/fd/{self._folder}/{self._name}"
        self._before = _open_folder(".")
        os.fchdir(self._folder)
        return self._name

    def __exit__(self, *error: object) -> None:
        """Return to the folder it was in, and close what was opened."""
        if self._before >= 0:
            os.fchdir(self._before)
            os.close(self._before)
        if self._folder >= 0:
            os.close(self._folder)


def _open_folder(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
