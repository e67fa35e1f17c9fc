"""Programs that are asked something and answer within seconds, or are killed."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from flowcron.domain.ports import Reply
from flowcron.system import clock

_CHUNK = 64 * 1024
_STDERR = 4096  # bytes of its end that are kept
_LAST_MOMENTS = 0.5  # seconds that a killed process gets to end
_LOOK = 0.01  # seconds between two looks whether it has ended, once it is silent


class Programs:
    """Starts programs in a session of their own, from any thread.

    `status_of` says how a child ended that something else in this process has waited for.
    """

    def __init__(self, status_of: Callable[[int], int | None]) -> None:
        self._status_of = status_of
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._closed = False

    def ask(
        self,
        argv: Sequence[str],
        *,
        question: bytes = b"",
        patience: float,
        limit: int,
        environment: Mapping[str, str] | None = None,
        folder: str = "/",
    ) -> Reply:
        """Start a program with the question on its stdin, and return what it said.

        `environment` is added to that of this process, `folder` is where it starts.

        It is killed, with what it has started, after `patience` seconds or when it writes more than
        `limit` bytes; a little more than those are then returned. Raises OSError when it cannot be
        started.
        """
        deadline = clock.monotonic() + patience
        process = self._start(argv, environment, folder)
        status = None
        try:
            stdout, stderr = _converse(process, question, deadline=deadline, limit=limit)
            if len(stdout) <= limit:
                status = self._wait(process.pid, deadline)
        finally:
            self._end(process, has_ended=status is not None)
        return Reply(status, stdout, stderr)

    def close(self) -> None:
        """Kill what still runs; nobody waits for it any more."""
        with self._lock:
            self._closed = True
            for pid in self._running:
                _kill(pid)

    def _start(
        self, argv: Sequence[str], environment: Mapping[str, str] | None, folder: str
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise OSError("nothing is started any more")
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=folder,
                env=None if environment is None else {**os.environ, **environment},
                start_new_session=True,
            )
            self._running.add(process.pid)
        return process

    def _wait(self, pid: int, deadline: float) -> int | None:
        """Return the status, or None when it has not ended by the deadline."""
        while True:
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                return self._status_of(pid)
            if ended:
                return status
            if clock.monotonic() > deadline:
                return None
            time.sleep(_LOOK)

    def _end(self, process: subprocess.Popen[bytes], *, has_ended: bool) -> None:
        with self._lock:
            self._running.discard(process.pid)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        if not has_ended:
            _kill(process.pid)
            # One that hangs on a dead disk ends when that is back; nobody waits for it here.
            self._wait(process.pid, clock.monotonic() + _LAST_MOMENTS)
        process.returncode = 0  # it is waited for, or given up: subprocess need not look again


def _converse(
    process: subprocess.Popen[bytes], question: bytes, *, deadline: float, limit: int
) -> tuple[bytes, bytes]:
    """Write the question and read both outputs to their ends, as far as there is time."""
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError("all three are pipes")
    stdin, stdout = process.stdin, process.stdout
    heard: dict[IO[bytes], bytes] = {stdout: b"", process.stderr: b""}
    with selectors.DefaultSelector() as ready:
        for pipe in heard:
            ready.register(pipe, selectors.EVENT_READ)
        os.set_blocking(stdin.fileno(), False)
        ready.register(stdin, selectors.EVENT_WRITE)
        while ready.get_map() and (left := deadline - clock.monotonic()) > 0:
            for key, _ in ready.select(left):
                pipe = key.fileobj  # type: ignore[assignment] # what was registered above
                if pipe is stdin:
                    question = _write(stdin, question)
                    done = not question
                else:
                    chunk = os.read(key.fd, _CHUNK)
                    heard[pipe] += chunk
                    done = not chunk
                if done:
                    ready.unregister(pipe)
                    pipe.close()
            heard[process.stderr] = heard[process.stderr][-_STDERR:]
            if len(heard[stdout]) > limit:
                break
    return heard[stdout], heard[process.stderr]


def _write(pipe: IO[bytes], rest: bytes) -> bytes:
    """Write what fits and return what is left; nothing when nobody reads it."""
    try:
        return rest[os.write(pipe.fileno(), rest) :]
    except BrokenPipeError:
        return b""


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
