"""A text as the standard input of a process: an anonymous file, so that nobody has to feed it."""

from __future__ import annotations

import os

from flowcron.supervisor.program import SpawnError


def open_text(text: str) -> int:
    """Return a descriptor that gives the text and then the end of file."""
    try:
        content = memoryview(os.fsencode(text))
        fd = _open_anonymous()
    except UnicodeEncodeError as error:
        raise SpawnError("stdin", "EINVAL", "stdin: the text cannot be encoded") from error
    except OSError as error:
        raise SpawnError.of("resources", error, "cannot make a file of its stdin") from error
    try:
        while content:
            content = content[os.write(fd, content) :]
        os.lseek(fd, 0, os.SEEK_SET)
    except OSError as error:
        os.close(fd)
        raise SpawnError.of("resources", error, "cannot make a file of its stdin") from error
    return fd


def _open_anonymous() -> int:
    """Open a file without a name; in memory where the system can (Linux)."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stdin")
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"flowcron-{os.urandom(16).hex()}")  # noqa: S108 exclusive, and unlinked at once
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.unlink(path)
    return fd
