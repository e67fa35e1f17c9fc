"""The supervisor as a process: its lock, its socket, its loop, and when it leaves."""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import socket
import sys
import time

from flowcron.supervisor.address import LOCK, SOCKET, ShortPath
from flowcron.supervisor.core import Supervisor
from flowcron.supervisor.farewell import Farewell
from flowcron.supervisor.journal import note
from flowcron.supervisor.poll import make_poller
from flowcron.supervisor.server import Server
from flowcron.supervisor.spawn import raise_descriptors

USAGE = (
    "usage: python -m flowcron.supervisor STATE_DIR [--ready-fd N] [--linger SECONDS] [--portable]"
)
ALREADY_RUNNING = 3

_LOCK_PATIENCE = 2.0  # s: a supervisor that is leaving holds it for a moment
_BACKLOG = 16
_AFTER_FAILURE = 0.1  # s, so that what fails each time does not take all of the processor
_FIRST_FREE = 3  # after the standard streams
_COLLECT_AFTER = 50_000  # allocations: few cycles are made, and looking for them costs each run


class Options:
    """What the command line says."""

    def __init__(self, arguments: list[str]) -> None:
        self.ready_fd: int | None = None
        self.linger = 5.0
        self.portable = False
        words = iter(arguments)
        self.state_dir = next(words)
        for word in words:
            match word:
                case "--ready-fd":
                    self.ready_fd = int(next(words))
                case "--linger":
                    self.linger = float(next(words))
                case "--portable":
                    self.portable = True
                case _:
                    raise ValueError(word)


def main(arguments: list[str]) -> int:
    """Supervise until there is nothing left to do; return an exit code."""
    try:
        options = Options(arguments)
    except (StopIteration, ValueError):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    _close_inherited(options.ready_fd)
    state_dir = os.path.abspath(options.state_dir)
    lock = _take_lock(state_dir)
    if lock is None:
        return ALREADY_RUNNING
    _stand_apart()
    listener = _listen(state_dir)
    server = Server(
        listener,
        lambda emit: Supervisor(
            state_dir,
            emit=emit,
            environment={},
            limit=raise_descriptors(),
            poller=make_poller(portable=options.portable),
            reaped=_nobody_waits,
        ),
    )
    _say_ready(options.ready_fd)
    _tune_memory()
    note("ready")
    run(server, Farewell(server, linger=options.linger))
    _leave(state_dir, listener, lock)
    return 0


def run(server: Server, farewell: Farewell) -> None:
    """Take turns until it is time to leave."""
    while (wait := farewell.wait(time.monotonic())) != 0:
        try:
            server.core.step(wait)
            server.flush()
        except Exception:  # noqa: BLE001 all runs depend on this process
            note("something failed")
            sys.__excepthook__(*sys.exc_info())
            time.sleep(_AFTER_FAILURE)


def _close_inherited(ready_fd: int | None) -> None:
    """Close what whoever started this process left open: it would live on in every job."""
    first_after = _FIRST_FREE
    if ready_fd is not None:
        os.set_inheritable(ready_fd, False)  # noqa: FBT003 positional-only
        os.closerange(_FIRST_FREE, ready_fd)
        first_after = ready_fd + 1
    os.closerange(first_after, os.sysconf("SC_OPEN_MAX"))


def _take_lock(state_dir: str) -> int | None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(os.path.join(state_dir, LOCK), flags, 0o600)
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                return None
            time.sleep(0.01)
        else:
            return lock


def _stand_apart() -> None:
    """Leave the session and the folder of whoever started it, and outlive its signals.

    Only work that is done ends a supervisor, or SIGKILL: Ctrl-C in the scheduler's terminal must
    not reach it, and systemd (KillMode=process) and an upgrade leave it to finish its runs.
    """
    if os.getsid(0) != os.getpid() and os.getpgrp() != os.getpid():
        os.setsid()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # inherited as ignored, no status would be kept
    os.chdir("/")


def _listen(state_dir: str) -> socket.socket:
    """Bind the socket, in place of one that a dead supervisor left: the lock is ours."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.setblocking(False)  # noqa: FBT003 positional-only
    _unlink_socket(state_dir)
    mask = os.umask(0o177)
    try:
        with ShortPath(state_dir, SOCKET) as path:
            listener.bind(path)
    finally:
        os.umask(mask)  # jobs inherit it
    listener.listen(_BACKLOG)
    return listener


def _unlink_socket(state_dir: str) -> None:
    try:
        os.unlink(os.path.join(state_dir, SOCKET))
    except FileNotFoundError:
        return


def _is_in_place(lock: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), os.stat(path))
    except FileNotFoundError:
        return False


def _say_ready(fd: int | None) -> None:
    if fd is None:
        return
    try:
        os.write(fd, b"ready\n")
    except BrokenPipeError:  # whoever started it is gone; the next scheduler will find it
        note("nobody waits for this supervisor")
    os.close(fd)


def _nobody_waits(_pid: int, _status: int) -> None:
    """Let go of a child that no attempt began with."""


def _tune_memory() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def _leave(state_dir: str, listener: socket.socket, lock: int) -> None:
    """Take the socket away, unless the folder was made anew and the socket there is another's."""
    if _is_in_place(lock, os.path.join(state_dir, LOCK)):
        _unlink_socket(state_dir)
    listener.close()
    note("left: nothing runs and nobody asks")
