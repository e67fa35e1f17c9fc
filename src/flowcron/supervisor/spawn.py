"""Starting a job's process: where, with which environment, and why it could not be started."""

from __future__ import annotations

import errno
import os
import resource
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# What the supervisor or Python itself ignores; a job starts with the defaults.
_DEFAULTED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)
_PATH_ONLY = getattr(os, "O_PATH", os.O_RDONLY)  # then it need not be readable
_RESOURCES = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
_HINTS = {
    errno.ENOEXEC: "it is neither a program nor does it begin with #!",
    errno.ENOENT: "the program in its first line (#!) does not exist",
}


class SpawnError(Exception):
    """A process could not be started: `what` was it, the errno's name and a readable text."""

    def __init__(self, what: str, error: str, text: str) -> None:
        super().__init__(text)
        self.what = what
        self.error = error
        self.text = text

    @classmethod
    def of(cls, what: str, error: OSError, text: str) -> SpawnError:
        """Translate what the operating system said about `text`."""
        number = error.errno or 0
        name = errno.errorcode.get(number, str(number))
        return cls(what, name, f"{text}: {os.strerror(number)}")


class Spawner:
    """Starts processes with a common environment, each in its own session.

    The supervisor itself goes to the job's folder for the start, which is why it must have a
    single thread; `go_home` brings it back.
    """

    __slots__ = ("_away", "_base", "_home", "_limit", "_null", "_own_limit")

    def __init__(self, environment: Mapping[str, str], *, limit: tuple[int, int] | None) -> None:
        self.inherit(environment)
        self._limit = limit
        self._own_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._home = os.open(".", _PATH_ONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._away = False

    def inherit(self, environment: Mapping[str, str]) -> None:
        """Replace the environment that all jobs share."""
        self._base = _encoded(environment)

    def start(
        self,
        argv: list[str],
        env: Mapping[str, str],
        *,
        cwd: str | None,
        stdout: int,
        stderr: int,
    ) -> int:
        """Start a process and return its pid; SpawnError if that cannot be."""
        self._enter(cwd)
        try:
            environment = self._base | _encoded(env)
            program = _find(argv[0], environment)
            return self._start(program, argv, environment, outputs=(stdout, stderr))
        except (ValueError, TypeError, IndexError) as error:
            # A NUL byte, "=" in the name of a variable, what cannot be encoded, no words at all.
            raise SpawnError("exec", "EINVAL", f"cannot run {argv!r}: {error}") from error

    def go_home(self) -> None:
        """Leave the folder of the last job, so that it can be unmounted."""
        if self._away:
            os.fchdir(self._home)
            self._away = False

    def shut(self) -> None:
        """Close what is held open."""
        os.close(self._null)
        os.close(self._home)

    def _enter(self, cwd: str | None) -> None:
        if cwd is None:
            self.go_home()
            return
        try:
            os.chdir(cwd)
        except OSError as error:
            raise SpawnError.of("cwd", error, f"cannot enter the folder {cwd}") from error
        except ValueError as error:
            raise SpawnError("cwd", "EINVAL", f"{cwd!r}: {error}") from error
        self._away = True

    def _start(
        self,
        program: bytes,
        argv: list[str],
        environment: dict[bytes, bytes],
        *,
        outputs: tuple[int, int],
    ) -> int:
        if self._limit is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._limit)
        try:
            return os.posix_spawn(
                program,
                argv,
                environment,
                file_actions=(
                    (os.POSIX_SPAWN_DUP2, self._null, 0),
                    (os.POSIX_SPAWN_DUP2, outputs[0], 1),
                    (os.POSIX_SPAWN_DUP2, outputs[1], 2),
                ),
                setsid=True,
                setsigmask=(),
                setsigdef=_DEFAULTED,
            )
        except OSError as error:
            raise _refusal(program, error) from error
        finally:
            if self._limit is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, self._own_limit)


def raise_descriptors() -> tuple[int, int] | None:
    """Let this process open as many files as it may; return the limits it had, None if the same."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[0] == before[1]:
        return None
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    except (OSError, ValueError):  # macOS says "unlimited" and means 24,576
        return None
    return before


def _encoded(environment: Mapping[str, str]) -> dict[bytes, bytes]:
    encode = os.fsencode
    return {encode(name): encode(value) for name, value in environment.items()}


def _find(name: str, environment: Mapping[bytes, bytes]) -> bytes:
    """Return the program's path, looked up on the PATH that the job has, not the supervisor."""
    wanted = os.fsencode(name)
    if b"/" in wanted:
        return wanted
    path = environment.get(b"PATH", os.fsencode(os.defpath))
    found = None
    for folder in path.split(b":"):
        candidate = os.path.join(folder, wanted)
        if os.path.isfile(candidate):
            if os.access(candidate, os.X_OK):
                return candidate
            found = candidate
    if found is not None:
        raise SpawnError("exec", "EACCES", f"{os.fsdecode(found)}: not executable")
    raise SpawnError("exec", "ENOENT", f"{name}: not found on PATH ({os.fsdecode(path)})")


def _refusal(program: bytes, error: OSError) -> SpawnError:
    what = "resources" if error.errno in _RESOURCES else "exec"
    text = os.fsdecode(program)
    if error.errno in _HINTS and os.path.exists(program):
        text += f" ({_HINTS[error.errno]})"
    return SpawnError.of(what, error, text)
