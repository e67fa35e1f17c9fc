"""Reading a small regular file that others put there, without ever waiting for a pipe."""

from __future__ import annotations

import os
import stat

LARGEST = 1_000_000  # bytes


class NoSmallFileError(Exception):
    """It is not what it should be: the rest of the sentence that begins with its name."""


def read_small(path: str, *, private: bool = False) -> bytes:
    """Return what is in a file; with `private` refuse one that others than its owner can read.

    Raises OSError when it cannot be read, NoSmallFileError when it is no file of that kind.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NoSmallFileError("is not a file")
        if private and is_exposed(mode):
            raise NoSmallFileError(exposure(mode))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > LARGEST:
        raise NoSmallFileError(f"is larger than {LARGEST:,} bytes")
    return content


def is_exposed(mode: int) -> bool:
    """Return whether others than the owner can read a file with this mode."""
    return bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def exposure(mode: int) -> str:
    """Return the rest of a sentence that says who can read it."""
    return f"can be read by others than its owner (mode {stat.S_IMODE(mode):03o})"
