"""The choice of how the supervisor waits: epoll and pidfds on Linux, the portable way elsewhere."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    Ready = Callable[[], None]

    class Poller(Protocol):
        """Calls back when a descriptor is readable (or writable, if asked) and when a child ends.

        A callback must bear being called for nothing: its descriptor may have been closed and
        another opened under the same number within one turn.
        """

        def watch(self, fd: int, ready: Ready) -> None:
            """Call `ready` on each turn in which `fd` can be read."""

        def watch_writes(self, fd: int, *, wanted: bool) -> None:
            """Call its `ready` also while `fd` can be written, or no longer."""

        def close(self, fd: int) -> None:
            """Stop watching `fd` and close it."""

        def unwatch(self, fd: int) -> None:
            """Stop watching `fd` and leave it open."""

        def watch_exit(self, pid: int, ready: Ready) -> int:
            """Call `ready` once the process ended; return a pidfd of it, or -1."""

        def forget_exit(self, pid: int, pidfd: int) -> None:
            """Stop waiting for a process and close its pidfd."""

        def turn(self, timeout: float | None) -> None:
            """Wait until something happens or `timeout` seconds passed, and call back."""

        def shut(self) -> None:
            """Give everything back that the poller itself holds."""


def make_poller(*, portable: bool = False) -> Poller:
    """Return the best poller for this system, or the portable one when asked for."""
    if not portable and _has_pidfds():
        from flowcron.supervisor.poll_linux import LinuxPoller  # noqa: PLC0415 only one is needed

        return LinuxPoller()
    from flowcron.supervisor.poll_portable import PortablePoller  # noqa: PLC0415 the same

    return PortablePoller()


def _has_pidfds() -> bool:
    if not hasattr(os, "pidfd_open") or not hasattr(select, "epoll"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # a kernel before 5.3, or a sandbox that forbids it
        return False
    return True
