"""Waiting where there are no pidfds: a selector for descriptors, SIGCHLD for children."""

from __future__ import annotations

import os
import selectors
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from flowcron.supervisor.poll import Ready


class PortablePoller:
    """A selector; each SIGCHLD asks all children, since it does not say whose it was.

    It can only be made in the main thread, because that is where Python takes signals.
    """

    __slots__ = ("_children", "_old_signal", "_old_wakeup", "_selector", "_wakeup")

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, Ready] = {}
        self._wakeup = os.pipe()
        for end in self._wakeup:
            os.set_blocking(end, False)
        self._old_signal = signal.signal(signal.SIGCHLD, _note)
        self._old_wakeup = signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        self.watch(self._wakeup[0], self._child_ended)

    def watch(self, fd: int, ready: Ready) -> None:
        """Call `ready` on each turn in which `fd` can be read."""
        self._selector.register(fd, selectors.EVENT_READ, ready)

    def watch_writes(self, fd: int, *, wanted: bool) -> None:
        """Call its `ready` also while `fd` can be written, or no longer."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
        self._selector.modify(fd, events, self._selector.get_key(fd).data)

    def close(self, fd: int) -> None:
        """Stop watching `fd` and close it."""
        self._selector.unregister(fd)
        os.close(fd)

    def unwatch(self, fd: int) -> None:
        """Stop watching `fd` and leave it open."""
        self._selector.unregister(fd)

    def watch_exit(self, pid: int, ready: Ready) -> int:
        """Call `ready` after each SIGCHLD until it is forgotten; there is no pidfd: -1."""
        self._children[pid] = ready
        return -1

    def forget_exit(self, pid: int, pidfd: int) -> None:  # noqa: ARG002 the Linux one needs it
        """Stop waiting for a process."""
        del self._children[pid]

    def turn(self, timeout: float | None) -> None:
        """Wait until something happens or `timeout` seconds passed, and call back."""
        for key, _ in self._selector.select(timeout):
            if key.fd in self._selector.get_map():  # not closed meanwhile, by an earlier callback
                key.data()

    def shut(self) -> None:
        """Give back the signal and close the selector."""
        signal.set_wakeup_fd(self._old_wakeup)
        signal.signal(signal.SIGCHLD, self._old_signal)
        self._selector.close()
        for end in self._wakeup:
            os.close(end)

    def _child_ended(self) -> None:
        try:
            os.read(self._wakeup[0], 4096)
        except BlockingIOError:
            return
        for ready in tuple(self._children.values()):
            ready()


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: a signal needs a handler to be written to the wake-up descriptor."""
