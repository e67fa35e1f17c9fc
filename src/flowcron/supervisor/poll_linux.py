"""Waiting on Linux: one epoll for descriptors and, through pidfds, for processes."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.poll import Ready

_EVENTS_PER_TURN = 512


class LinuxPoller:
    """A level-triggered epoll and what to call for each descriptor in it."""

    __slots__ = ("_epoll", "_ready")

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._ready: dict[int, Ready] = {}

    def watch(self, fd: int, ready: Ready) -> None:
        """Call `ready` on each turn in which `fd` can be read."""
        self._epoll.register(fd, select.EPOLLIN)
        self._ready[fd] = ready

    def watch_writes(self, fd: int, *, wanted: bool) -> None:
        """Call its `ready` also while `fd` can be written, or no longer."""
        self._epoll.modify(fd, select.EPOLLIN | select.EPOLLOUT if wanted else select.EPOLLIN)

    def close(self, fd: int) -> None:
        """Stop watching `fd` and close it, which takes it out of the epoll as well."""
        del self._ready[fd]
        os.close(fd)

    def unwatch(self, fd: int) -> None:
        """Stop watching `fd` and leave it open."""
        del self._ready[fd]
        self._epoll.unregister(fd)

    def watch_exit(self, pid: int, ready: Ready) -> int:
        """Call `ready` once the process ended, whether it is a child or not; return its pidfd."""
        pidfd = os.pidfd_open(pid)
        try:
            self.watch(pidfd, ready)
        except OSError:
            os.close(pidfd)
            raise
        return pidfd

    def forget_exit(self, pid: int, pidfd: int) -> None:  # noqa: ARG002 the portable one needs it
        """Stop waiting for a process and close its pidfd, if there is one."""
        if pidfd >= 0:
            self.close(pidfd)

    def turn(self, timeout: float | None) -> None:
        """Wait until something happens or `timeout` seconds passed, and call back."""
        ready = self._ready
        for fd, _ in self._epoll.poll(timeout, _EVENTS_PER_TURN):
            call = ready.get(fd)
            if call is not None:
                call()

    def shut(self) -> None:
        """Close the epoll."""
        self._epoll.close()
