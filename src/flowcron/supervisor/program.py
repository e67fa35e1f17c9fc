"""Which program a job means, and why a process could not be started."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

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


def find(name: str, environment: Mapping[bytes, bytes]) -> bytes:
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


def refusal(program: bytes, error: OSError) -> SpawnError:
    """Return why the system would not run a program."""
    what = "resources" if error.errno in _RESOURCES else "exec"
    text = os.fsdecode(program)
    if error.errno in _HINTS and os.path.exists(program):
        text += f" ({_HINTS[error.errno]})"
    return SpawnError.of(what, error, text)


def enter(cwd: str) -> None:
    """Go to the folder that a job starts in."""
    try:
        os.chdir(cwd)
    except OSError as error:
        raise SpawnError.of("cwd", error, f"cannot enter the folder {cwd}") from error
    except ValueError as error:
        raise SpawnError("cwd", "EINVAL", f"{cwd!r}: {error}") from error


def invalid(argv: list[str], error: BaseException) -> SpawnError:
    """Return that no system accepts what the job says.

    A NUL byte, "=" in the name of a variable, what cannot be encoded, no words at all.
    """
    return SpawnError("exec", "EINVAL", f"cannot run {argv!r}: {error}")
