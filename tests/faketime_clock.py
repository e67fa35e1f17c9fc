"""Clocks of their own for real processes, to be set or hurried: libfaketime."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flowcron.domain.instant import SECOND, Instant, instant

_PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/*")
_REAL_FILE_TIMES = {"NO_FAKE_STAT": "1"}


def _library() -> Path | None:
    found = (path for place in _PLACES for path in Path("/").glob(f"{place[1:]}/libfaketime.so.1"))
    return next(found, None)


LIBRARY = _library()
NEEDS_FAKETIME = [
    pytest.mark.faketime,
    pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed"),
]


class WallClock:
    """A wall clock that goes on by itself and can be set; the monotonic clocks stay real."""

    def __init__(self, file: Path, *, at: datetime) -> None:
        self._file = file
        self.set(at)

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes a process see this clock."""
        return _REAL_FILE_TIMES | {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def now(self) -> Instant:
        """Return the instant that it shows."""
        return Instant(time.time_ns() // 1000 + self._ahead * SECOND)

    def set(self, at: datetime) -> None:
        """Set it to an instant, or up to a second after it."""
        self._put_ahead(-((time.time_ns() // 1000 - instant(at)) // SECOND))

    def step(self, by: timedelta) -> None:
        """Set it forward or back by whole seconds."""
        self._put_ahead(self._ahead + by // timedelta(seconds=1))

    def _put_ahead(self, seconds: int) -> None:
        self._ahead = seconds
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.replace(self._file)  # at once: it is read at every look at the clock


@contextmanager
def hurried(start: str, *, speed: int, zone: str) -> Iterator[dict[str, str]]:
    """Give what makes processes share clocks, all of them, that begin at `start` and run faster.

    `start` is a wall time of the zone, "2027-10-31 01:30", and not one that comes twice there.
    """
    shared = _REAL_FILE_TIMES | {"TZ": zone, "FAKETIME_DONT_RESET": "1"}
    told = ("LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED")
    tell = "; ".join(f'echo "${name}"' for name in told)
    holder = subprocess.Popen(  # as long as it lives, so does the memory that holds the start
        [_program(), "-f", f"@{start}:00 x{speed}", "sh", "-c", f"{tell}; exec cat"],
        env=os.environ | shared,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        yield shared | {name: holder.stdout.readline().rstrip("\n") for name in told}
    finally:
        holder.communicate(timeout=10)


def _program() -> str:
    found = shutil.which("faketime")
    assert found is not None
    return found
