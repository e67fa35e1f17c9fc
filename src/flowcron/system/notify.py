"""Telling systemd how this process is: sd_notify(3) without a library."""

from __future__ import annotations

import socket
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from flowcron.system import clock

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"

_FOR_THIS_PROCESS = (
    *("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"),
    *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"),
)
_ABOUT_THIS_PROCESS = (
    *("CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM", "STATE_DIRECTORY"),
    *("MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "SYSTEMD_EXEC_PID"),
)
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Manager:
    """The service manager that wants to hear from this process; by default there is none.

    `watchdog` is after how many seconds of silence it takes this process for dead, None for never.
    """

    address: str = ""
    watchdog: float | None = None

    def tell(self, *states: str) -> None:
        """Send states such as READY=1, without ever waiting; raises OSError when that fails."""
        if not self.address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)  # noqa: FBT003 positional-only
            sender.sendto("\n".join(states).encode("utf-8", "replace"), _path(self.address))


def manager_from(environ: MutableMapping[str, str], *, pid: int) -> Manager:
    """Return who wants to hear from process `pid`, and take that out of the environment.

    Whatever this process starts from then on cannot speak for it.
    """
    said = {name: environ.pop(name, "") for name in _FOR_THIS_PROCESS}
    is_watched = said["WATCHDOG_PID"] in {"", str(pid)} and said["WATCHDOG_USEC"].isdecimal()
    period = int(said["WATCHDOG_USEC"]) / _MICRO if is_watched else 0
    return Manager(said["NOTIFY_SOCKET"], period or None)


def without_manager(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a job may inherit: nothing that is for this process, or about it."""
    ours = {*_FOR_THIS_PROCESS, *_ABOUT_THIS_PROCESS}
    return {name: value for name, value in environ.items() if name not in ours}


def status(text: str) -> str:
    """Return the state that shows a line in `systemctl status`."""
    return f"STATUS={' '.join(text.split())}"


def reloading() -> tuple[str, str]:
    """Return the states that say that a reload begins; READY ends it."""
    return "RELOADING=1", f"MONOTONIC_USEC={int(clock.monotonic() * _MICRO)}"


def _path(address: str) -> str:
    """Return a socket's address as the kernel has it: @ stands for the NUL of an abstract one."""
    return "\0" + address[1:] if address.startswith("@") else address
