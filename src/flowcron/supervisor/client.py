"""The scheduler's end of the supervisor: find it or start it, speak to it, hear it."""

from __future__ import annotations

import os
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowcron.errors import FlowcronError, RefusedError
from flowcron.supervisor.address import LOG, SOCKET, ShortPath
from flowcron.supervisor.launch import launch
from flowcron.supervisor.protocol import PROTOCOL, Lines, encode

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from flowcron.supervisor.protocol import Message

_CHUNK = 256 * 1024
_PATIENCE = 10.0  # s
_BETWEEN_TRIES = 0.02  # s
_CREDENTIALS = struct.Struct("iII")


@dataclass(slots=True)
class Greeting:
    """A connection on which the supervisor answered `hello`.

    `lines` and `early` hold what it said in the same breath. `child` is the supervisor's pid when
    this process started it (and has to reap it), else None.
    """

    connection: socket.socket
    hello: Message
    lines: Lines
    early: list[Message]
    child: int | None = None


def connect(
    state_dir: str, *, epoch: int, environment: Mapping[str, str], history: str = ""
) -> Greeting | None:
    """Greet a supervisor that runs; None if there is none, or one that is just leaving.

    Blocks until it answered: after it has heard all that an earlier scheduler said. Raises
    RefusedError for an epoch older than one seen before, FlowcronError if it does not answer.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_PATIENCE)
    try:
        with ShortPath(state_dir, SOCKET) as path:
            connection.connect(path)
        greeting = _greet(connection, epoch=epoch, environment=environment, history=history)
    except TimeoutError as error:
        connection.close()
        raise FlowcronError(
            "The supervisor of the running jobs does not answer.",
            hint=f"Look at {os.path.join(state_dir, LOG)}; is its process stopped?",
        ) from error
    except (FileNotFoundError, ConnectionError):
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return greeting


def listener(state_dir: str) -> int | None:
    """Return the pid of the supervisor that listens, without a word to it; None if nobody does.

    It is 0 where the system does not tell. A supervisor that is stopped listens too.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        try:
            with ShortPath(state_dir, SOCKET) as path:
                connection.connect(path)
        except (FileNotFoundError, ConnectionError):
            return None
        if not hasattr(socket, "SO_PEERCRED"):
            return 0
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return int(_CREDENTIALS.unpack(raw)[0])


def connect_or_start(
    state_dir: str,
    *,
    epoch: int,
    environment: Mapping[str, str],
    history: str = "",
    linger: float | None = None,
) -> Greeting:
    """Greet the supervisor of a state directory, after starting one if there is none.

    Blocks for about 0.1 s when it starts one, so call it in a thread beside a running loop.
    Raises what `connect` raises, and FlowcronError if no supervisor can be started.
    """
    deadline = time.monotonic() + _PATIENCE
    child = None
    while time.monotonic() < deadline:
        greeting = connect(state_dir, epoch=epoch, environment=environment, history=history)
        if greeting is not None:
            greeting.child = child if greeting.hello["pid"] == child else None
            return greeting
        try:
            child = launch(state_dir, patience=_PATIENCE, linger=linger)
        except (TimeoutError, OSError) as error:
            raise _cannot_start(state_dir, str(error)) from error
        if child is None:
            time.sleep(_BETWEEN_TRIES)
    raise _cannot_start(state_dir, "")


class Client:
    """A greeted supervisor on an asyncio loop, without streams: bytes in, lists of messages out.

    `on_message` gets all messages of one readable turn; `on_close` is called once when the
    supervisor is gone, and not for `close`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        greeting: Greeting,
        *,
        on_message: Callable[[list[Message]], None],
        on_close: Callable[[], None],
    ) -> None:
        self.hello = greeting.hello
        self.child = greeting.child
        self._loop = loop
        self._socket = greeting.connection
        self._lines = greeting.lines
        self._on_message = on_message
        self._on_close = on_close
        self._out = bytearray()
        self._socket.setblocking(False)  # noqa: FBT003 positional-only
        loop.add_reader(self._socket, self._readable)
        if greeting.early:
            loop.call_soon(on_message, greeting.early)

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as we know."""
        return self._socket.fileno() >= 0

    def send(self, *messages: Message) -> None:
        """Send messages, now or as soon as the socket takes them; a closed connection drops them.

        What was dropped is settled by recovery, with the next supervisor.
        """
        if not self.is_open:
            return
        waiting = bool(self._out)
        for message in messages:
            self._out += encode(message)
        if not waiting:
            self._flush()
            if self._out:
                self._loop.add_writer(self._socket, self._writable)

    def close(self) -> None:
        """Leave the supervisor to itself; what is still buffered is not sent."""
        if self.is_open:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _flush(self) -> None:
        try:
            del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            return
        except OSError:  # it is gone; the reader hears it too, after what it said last
            self._out.clear()

    def _writable(self) -> None:
        self._flush()
        if not self._out:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        try:
            chunk = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            self._on_close()
            return
        messages = self._lines.feed(chunk)
        if messages:
            self._on_message(messages)


def _greet(
    connection: socket.socket, *, epoch: int, environment: Mapping[str, str], history: str
) -> Greeting | None:
    hello = {
        "op": "hello",
        "protocol": PROTOCOL,
        "epoch": epoch,
        "history": history,
        "environment": dict(environment),
    }
    connection.sendall(encode(hello))
    lines = Lines()
    messages: list[Message] = []
    while not messages:
        chunk = connection.recv(_CHUNK)
        if not chunk:
            return None
        messages = lines.feed(chunk)
    answer, *early = messages
    if "refused" in answer:
        raise RefusedError(answer["refused"], hint="Is another scheduler running here?")
    return Greeting(connection, answer, lines, early)


def _cannot_start(state_dir: str, why: str) -> FlowcronError:
    return FlowcronError(
        "The supervisor that runs the jobs could not be started" + (f": {why}." if why else "."),
        hint=f"Look at {os.path.join(state_dir, LOG)}.",
    )
