"""A datagram socket beside the history file: whoever writes there makes the scheduler look."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

NAME = "poke.sock"


def listen(state: Path) -> socket.socket:
    """Bind the socket; the caller holds the scheduler's lock, so an older one is dead."""
    (state / NAME).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | _close_on_exec())
    listener.settimeout(0)
    mask = os.umask(0o177)
    try:
        with _short(state) as folder:
            listener.bind(f"{folder}/{NAME}")
    finally:
        os.umask(mask)
    return listener


def drain(listener: socket.socket) -> None:
    """Forget the pokes that have come: one look answers them all."""
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.recv(16)


def poke(state: Path) -> None:
    """Make the scheduler look for requests now; when there is none, nobody looks."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        _short(state) as folder,
        contextlib.suppress(FileNotFoundError, ConnectionRefusedError, BlockingIOError),
    ):
        sender.settimeout(0)
        sender.sendto(b"!", f"{folder}/{NAME}")


@contextlib.contextmanager
def _short(state: Path) -> Iterator[str]:
    """Give the folder a name that fits into the 108 bytes of a socket's address."""
    if not sys.platform.startswith("linux"):
        yield str(state)
        return
    descriptor = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _close_on_exec() -> int:
    return getattr(socket, "SOCK_CLOEXEC", 0)
