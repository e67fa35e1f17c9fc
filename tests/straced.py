"""A process whose system calls fail, or are its last, by strace."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

import pytest

from fakes import poll

T = TypeVar("T")


def needs_strace(test: T) -> T:
    """Mark a test that is skipped where there is no strace."""
    missing = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
    return cast("T", pytest.mark.strace(missing(test)))


@contextmanager
def straced(pid: int, *what: str) -> Iterator[None]:
    """Trace a process and its threads with these words of strace's, until the end of the block."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-q", "-o", "/dev/null", *what, "-p", str(pid)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        poll(lambda: is_traced(pid) or tracer.poll() is not None)
        yield
    finally:
        tracer.terminate()
        _, said = tracer.communicate()
        if b"not permitted" in said:
            pytest.skip(f"strace may not trace: {said.decode().strip()}")


def is_traced(pid: int) -> bool:
    """Return whether all threads of a process are traced."""
    tasks = [task / "status" for task in Path(f"/proc/{pid}/task").iterdir()]
    return not any("TracerPid:\t0\n" in task.read_text() for task in tasks)
