"""The supervisor's work without its socket: messages in, processes run, messages out."""

from __future__ import annotations

import binascii
import os
import signal
import sys
import time
from functools import partial

from flowcron.faults import reach
from flowcron.supervisor.attempt import Attempt
from flowcron.supervisor.deadlines import Deadlines
from flowcron.supervisor.identity import inodes_are_unique, start_ticks
from flowcron.supervisor.output import AttemptLog
from flowcron.supervisor.pipes import READ_AT_ONCE, open_pipe
from flowcron.supervisor.poll import make_poller
from flowcron.supervisor.spawn import Spawner, SpawnError
from flowcron.supervisor.stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from resource import struct_rusage

    from flowcron.supervisor.attempt import Key
    from flowcron.supervisor.poll import Poller
    from flowcron.supervisor.protocol import Message

_RSS_UNIT = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes, Linux KiB
_TRY_AGAIN = 1.0


class Supervisor:
    """Runs attempts below a state directory and says what becomes of them through `emit`.

    It does nothing by itself: call `step` in a loop. `limit` is what jobs get as RLIMIT_NOFILE when
    this process has another. It needs a process with a single thread.
    """

    def __init__(
        self,
        state_dir: str,
        *,
        emit: Callable[[Message], None],
        environment: Mapping[str, str],
        limit: tuple[int, int] | None = None,
        poller: Poller | None = None,
    ) -> None:
        self.poller = poller or make_poller()
        self._state_dir = os.path.abspath(state_dir)
        self._emit = emit
        self._spawner = Spawner(environment, limit=limit)
        self._attempts: dict[Key, Attempt] = {}
        self._deadlines = Deadlines()
        self._lingering = 0
        self._buffer = memoryview(bytearray(READ_AT_ONCE))
        self._inode_is_enough = inodes_are_unique()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, no end is unacknowledged and no pipe is still being read."""
        return not self._attempts and not self._lingering

    def inherit(self, environment: Mapping[str, str]) -> None:
        """Replace the environment that jobs inherit."""
        self._spawner.inherit(environment)

    def handle(self, message: Message) -> None:
        """Do what a message asks for; what is unknown is ignored."""
        match message["op"]:
            case "spawn":
                self._spawn(message)
            case "signal":
                self._signal(message)
            case "ack":
                for run, attempt in message["attempts"]:
                    self._forget((run, attempt))
            case "list":
                for known in self._attempts.values():
                    self._emit(known.said)
                self._emit({"ev": "listed"})
            case _:
                return

    def step(self, timeout: float | None = None) -> None:
        """Take one turn: wait for something to happen, at most `timeout` seconds, and do it."""
        wait = self._deadlines.wait(time.monotonic())
        if timeout is None or (wait is not None and wait < timeout):
            timeout = wait
        self.poller.turn(timeout)
        self._deadlines.call_due(time.monotonic())
        self._spawner.go_home()

    def shut(self) -> None:
        """Give back what it holds itself; running attempts go on by themselves."""
        self._spawner.go_home()
        for attempt in self._attempts.values():
            for stream in attempt.streams:
                stream.close()
        self._spawner.shut()
        self.poller.shut()

    def _spawn(self, message: Message) -> None:
        key = (message["run"], message["attempt"])
        if key in self._attempts:
            return
        reach("spawn-received")
        attempt = self._attempts[key] = self._known(key, message)
        attempt.started_at = _now()
        try:
            self._start(attempt, message)
        except SpawnError as error:
            self._say_final(
                attempt,
                "spawn_failed",
                at=_now(),
                what=error.what,
                error=error.error,
                text=error.text,
            )
            return
        timeout = message["timeout"]
        if timeout is not None:
            due = time.monotonic() + timeout
            attempt.deadline = self._deadlines.add(due, partial(self._time_out, attempt))
        reach("spawn-started")
        self._say_started(attempt)

    def _known(self, key: Key, message: Message) -> Attempt:
        base = os.path.join(self._state_dir, message["log"])
        return Attempt(
            key,
            token=message["token"],
            kill_after=message["kill_after"],
            log=AttemptLog(base, message["log_limit"]),
        )

    def _start(self, attempt: Attempt, message: Message) -> None:
        theirs: list[int] = []
        try:
            self._open_streams(attempt, theirs)
            attempt.pid = self._spawner.start(
                message["argv"],
                {**message["env"], "FLOWCRON_TOKEN": attempt.token},
                cwd=message["cwd"],
                stdout=theirs[0],
                stderr=theirs[1],
            )
        except SpawnError:
            for stream in attempt.streams:
                stream.close()
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        self._watch_exit(attempt)

    def _open_streams(self, attempt: Attempt, theirs: list[int]) -> None:
        try:
            for number in (0, 1):
                ours, other = open_pipe()
                theirs.append(other)
                stream = Stream(ours, number, log=attempt.log, buffer=self._buffer)
                attempt.streams += (stream,)
                stream.join(self.poller)
        except OSError as error:
            raise SpawnError.of("resources", error, "cannot open a pipe for its output") from error

    def _watch_exit(self, attempt: Attempt) -> None:
        """Wait for the process; if there is no descriptor or memory for that, try again soon."""
        try:
            attempt.pidfd = self.poller.watch_exit(attempt.pid, partial(self._ended, attempt))
        except OSError:
            again = time.monotonic() + _TRY_AGAIN
            self._deadlines.add(again, partial(self._watch_exit, attempt))

    def _ended(self, attempt: Attempt) -> None:
        pid, status, usage = os.wait4(attempt.pid, os.WNOHANG)
        if not pid:
            return
        self.poller.forget_exit(attempt.pid, attempt.pidfd)
        if attempt.deadline is not None:
            self._deadlines.cancel(attempt.deadline)
        for stream in attempt.streams:
            stream.release(self._one_fewer)
            self._lingering += stream.is_open
        reach("exited-unsent")
        self._say_exited(attempt, status, usage)

    def _one_fewer(self) -> None:
        self._lingering -= 1

    def _signal(self, message: Message) -> None:
        attempt = self._attempts.get((message["run"], message["attempt"]))
        if attempt is None or attempt.final:
            return
        number, why = message["signal"], message.get("why")
        if why is None:
            _signal_group(attempt, number)
            return
        self._end(attempt, number, why=why, kill_after=message.get("kill_after"))

    def _time_out(self, attempt: Attempt) -> None:
        self._end(attempt, signal.SIGTERM, why="timeout")

    def _end(
        self, attempt: Attempt, number: int, *, why: str, kill_after: float | None = None
    ) -> None:
        """Ask an attempt to end and see to it that it does."""
        attempt.why = attempt.why or why
        _signal_group(attempt, number)
        if number == signal.SIGKILL:
            return
        _signal_group(attempt, signal.SIGCONT)  # a stopped process can act on nothing else
        if attempt.deadline is not None:
            self._deadlines.cancel(attempt.deadline)
        wait = attempt.kill_after if kill_after is None else kill_after
        kill = partial(_signal_group, attempt, signal.SIGKILL)
        attempt.deadline = self._deadlines.add(time.monotonic() + wait, kill)

    def _say_started(self, attempt: Attempt) -> None:
        self._emit(
            attempt.message(
                "started",
                pid=attempt.pid,
                pid_started=None if self._inode_is_enough else start_ticks(attempt.pid),
                pid_inode=os.fstat(attempt.pidfd).st_ino
                if self._inode_is_enough and attempt.pidfd >= 0
                else None,
                at=attempt.started_at,
            )
        )

    def _say_exited(self, attempt: Attempt, status: int, usage: struct_rusage) -> None:
        log = attempt.log
        log.close()
        small = log.small()
        attempt.disposable = small is not None
        self._say_final(
            attempt,
            "exited",
            at=_now(),
            started_at=attempt.started_at,
            pid=attempt.pid,
            status=status,
            why=attempt.why or "exit",
            max_rss=usage.ru_maxrss // _RSS_UNIT,
            cpu=round((usage.ru_utime + usage.ru_stime) * 1e6),
            bytes=log.total,
            elided=log.elided,
            output=_text(small[0]) if small else None,
            pieces=_text(small[1]) if small else None,
            last=attempt.last_line() if log.total else None,
        )

    def _say_final(self, attempt: Attempt, event: str, **fields: object) -> None:
        attempt.final = True
        attempt.streams = ()
        attempt.deadline = None
        self._emit(attempt.message(event, **fields))

    def _forget(self, key: Key) -> None:
        attempt = self._attempts.get(key)
        if attempt is None or not attempt.final:
            return
        del self._attempts[key]
        if attempt.disposable:
            attempt.log.remove()


def _signal_group(attempt: Attempt, number: int) -> None:
    """Signal the attempt's process group, which exists as long as its first process is unreaped."""
    try:
        os.killpg(attempt.pid, number)
    except (ProcessLookupError, PermissionError):  # it ended; a zombie is refused on macOS
        return


def _now() -> int:
    return time.time_ns() // 1000


def _text(binary: bytes) -> str:
    return binascii.b2a_base64(binary, newline=False).decode()
