"""The supervisor's end of the socket: who may speak to it, and in which order it listens."""

from __future__ import annotations

import os
import socket
import struct
import sys

from flowcron.supervisor.identity import boot_id
from flowcron.supervisor.journal import note
from flowcron.supervisor.protocol import PROTOCOL, Lines, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowcron.supervisor.core import Supervisor
    from flowcron.supervisor.poll import Poller
    from flowcron.supervisor.protocol import Message

_CHUNK = 16384  # small: ended jobs are reaped between the starts of a burst
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class Connection:
    """One socket, and the bytes that it has not taken yet."""

    __slots__ = ("_blocked", "_lines", "_out", "_poller", "_server", "_socket")

    def __init__(self, connected: socket.socket, *, server: Server, poller: Poller) -> None:
        connected.setblocking(False)  # noqa: FBT003 positional-only
        self._socket = connected
        self._server = server
        self._poller = poller
        self._lines = Lines()
        self._out = bytearray()
        self._blocked = False
        poller.watch(connected.fileno(), self.ready)

    def send(self, message: Message) -> None:
        """Put a message into the buffer; `flush` sends it."""
        self._out += encode(message)

    def flush(self) -> None:
        """Send what the socket takes, and the rest when it can take more."""
        if not self._out:
            return
        try:
            del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:  # it is gone; reading says so too
            self._out.clear()
        if bool(self._out) != self._blocked:
            self._blocked = bool(self._out)
            self._poller.watch_writes(self._socket.fileno(), wanted=self._blocked)

    def ready(self) -> None:
        """Read once; close the connection at its end."""
        if self._blocked:
            self.flush()
        if self._read() == b"":
            self._server.lost(self)

    def read_out(self) -> None:
        """Read what was sent before its sender can send no more: to the very end."""
        while self._read():
            continue
        try:
            self._socket.shutdown(socket.SHUT_RD)  # not first: macOS would drop what is unread
        except OSError:  # the other end is closed already
            return
        while self._read():
            continue

    def close(self) -> None:
        """Close the socket."""
        self._poller.close(self._socket.detach())

    def _read(self) -> bytes | None:
        """Return what was read and dealt with: nothing at the end, None if there is none yet."""
        try:
            chunk = self._socket.recv(_CHUNK)
            messages = self._lines.feed(chunk)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        except ValueError:
            note("closed a connection that does not speak JSON")
            return b""
        for message in messages:
            self._server.receive(self, message)
        return chunk


class Server:
    """Listens to one scheduler: the newest, once all that the one before it said was heard."""

    def __init__(
        self, listener: socket.socket, make_core: Callable[[Callable[[Message], None]], Supervisor]
    ) -> None:
        self._listener = listener
        self._instance = os.urandom(8).hex()
        self._current: Connection | None = None
        self._strangers: set[Connection] = set()
        self._epoch = -1
        self._history = ""
        self.core = make_core(self._emit)
        self.core.poller.watch(listener.fileno(), self._accept)

    @property
    def is_alone(self) -> bool:
        """Whether nobody is connected."""
        return self._current is None and not self._strangers

    def flush(self) -> None:
        """Send what was said in this turn."""
        if self._current is not None:
            self._current.flush()

    def receive(self, connection: Connection, message: Message) -> None:
        """Deal with a message; one that cannot be dealt with must not end the supervisor."""
        try:
            if message["op"] == "hello":
                self._greet(connection, message)
            elif connection is self._current:
                self.core.handle(message)
        except Exception:  # noqa: BLE001 all runs depend on this process
            note("could not handle a message")  # not which: it may hold secrets
            sys.__excepthook__(*sys.exc_info())

    def lost(self, connection: Connection) -> None:
        """Close a connection that came to its end."""
        connection.close()
        self._strangers.discard(connection)
        if connection is self._current:
            self._current = None

    def _emit(self, message: Message) -> None:
        """Say something to the scheduler, if there is one."""
        if self._current is not None:
            self._current.send(message)

    def _accept(self) -> None:
        try:
            connected, _ = self._listener.accept()
        except OSError:
            return
        if _may_speak(connected):
            self._strangers.add(Connection(connected, server=self, poller=self.core.poller))
        else:
            note("refused a connection of another user")
            connected.close()

    def _greet(self, connection: Connection, message: Message) -> None:
        epoch, history = message["epoch"], message.get("history", "")
        if history == self._history and epoch < self._epoch:
            reason = f"A newer scheduler (epoch {self._epoch}) works with this supervisor already."
            connection.send({"ev": "hello", "protocol": PROTOCOL, "refused": reason})
            connection.flush()
            return
        if self._current is not None and self._current is not connection:
            self._replace(self._current)
        if history != self._history:
            self.core.leave_alone()
        self.core.inherit(message["environment"])
        self._epoch, self._history = epoch, history
        self._strangers.discard(connection)
        self._current = connection
        connection.send(
            {
                "ev": "hello",
                "protocol": PROTOCOL,
                "instance": self._instance,
                "pid": os.getpid(),
                "boot": boot_id(),
            }
        )

    def _replace(self, old: Connection) -> None:
        old.read_out()
        if self._current is old:  # its own end may have been noticed on the way
            self.lost(old)


def _may_speak(connected: socket.socket) -> bool:
    """Return whether the other end is our own user or root; elsewhere the file's mode decides."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return uid in {0, os.geteuid()}
