"""How much room a file system has left, for whoever asks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Space(NamedTuple):
    """One file system: bytes and inodes, free for ordinary users and in all.

    `inodes` is 0 where a file system makes them as it needs them.
    """

    device: int
    free: int
    size: int
    free_inodes: int
    inodes: int


def space_of(path: Path) -> Space:
    """Return the room where a path is, or where its nearest folder is that exists."""
    there = next(each for each in (path, *path.parents) if each.exists())
    found = os.statvfs(there)
    return Space(
        there.stat().st_dev,
        found.f_bavail * found.f_frsize,
        found.f_blocks * found.f_frsize,
        found.f_favail,
        found.f_files,
    )
