"""Starting a process through a fork of our own, for what posix_spawn cannot give it."""

from __future__ import annotations

import os
import signal

from flowcron.supervisor.limits import Limits
from flowcron.supervisor.program import SpawnError, enter, find, invalid, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never

    from flowcron.supervisor.account import Account
    from flowcron.supervisor.protocol import Message

NEEDED_FOR = frozenset(("user", "group", "umask", "nice", "memory", "cpu_time", "open_files"))

# What the supervisor or Python itself ignores; a job starts with the defaults.
DEFAULTED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)

_CHUNK = 65536
_FAILED = 127


class Child:
    """What a forked child does until it is the job: what only root may do first, then the rest.

    `account` is None when the user stays; `streams` become its standard streams. All other
    descriptors of the supervisor close themselves on exec.
    """

    def __init__(
        self,
        message: Message,
        *,
        environment: dict[bytes, bytes],
        account: Account | None,
        limits: Limits,
        streams: tuple[int, int, int],
    ) -> None:
        self.argv: list[str] = message["argv"]
        self._cwd: str | None = message["cwd"]
        self._umask: int | None = message.get("umask")
        self._environment = environment
        self._account = account
        self._limits = limits
        self._streams = streams

    def become(self) -> Never:
        """Turn this process into the job, or raise SpawnError."""
        os.setsid()
        self._limits.apply()
        if self._account is not None:
            self._account.take_over(self._streams[1:])
            self._account.become()
        if self._umask is not None:
            os.umask(self._umask)
        if self._cwd is not None:
            enter(self._cwd)
        program = find(self.argv[0], self._environment)
        for number, fd in enumerate(self._streams):
            os.dup2(fd, number)
        for ignored in DEFAULTED:
            signal.signal(ignored, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            os.execve(program, self.argv, self._environment)  # noqa: S606 the job's words, as they are
        except OSError as error:
            raise refusal(program, error) from error


def start(child: Child) -> int:
    """Start a process that becomes the job and return its pid; SpawnError if it cannot."""
    ours, theirs = _pipe()
    try:
        pid = os.fork()
        if not pid:
            _be(child, report_to=theirs)
    except OSError as error:
        os.close(ours)
        raise SpawnError.of("resources", error, "cannot fork") from error
    finally:
        os.close(theirs)
    said = _read_all(ours)
    if not said:  # its end of the pipe was closed by a successful exec
        return pid
    os.waitpid(pid, 0)
    what, name, text = said.decode(errors="surrogateescape").split("\0", 2)
    raise SpawnError(what, name, text)


def _be(child: Child, *, report_to: int) -> Never:
    """Be the child: nothing that goes wrong may return into what was forked."""
    try:
        child.become()
    except SpawnError as error:
        _say(report_to, error)
    except MemoryError:
        os.write(report_to, b"memory\0ENOMEM\0memory: too little to start a process with")
    except BaseException as error:  # noqa: BLE001 this is the end of this process
        _say(report_to, invalid(child.argv, error))
    finally:
        os._exit(_FAILED)


def _say(fd: int, error: SpawnError) -> None:
    text = f"{error.what}\0{error.error}\0{error.text}"
    os.write(fd, text.encode(errors="surrogateescape")[:_CHUNK])


def _pipe() -> tuple[int, int]:
    try:
        return os.pipe()
    except OSError as error:
        raise SpawnError.of("resources", error, "cannot open a pipe for its start") from error


def _read_all(fd: int) -> bytes:
    said = b""
    while chunk := os.read(fd, _CHUNK):
        said += chunk
    os.close(fd)
    return said
