"""A supervisor in this process, with either poller, and processes of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import InProcess, Processes


@pytest.fixture(params=["linux", "portable"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcess]:
    asked = InProcess(tmp_path, portable=request.param == "portable")
    yield asked
    for message in asked.core._attempts.values():
        if not message.final:
            os.killpg(message.pid, signal.SIGKILL)
            os.waitpid(message.pid, 0)
    asked.core.shut()


@pytest.fixture(params=["linux", "portable"])
def reaper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcess]:
    """Give a supervisor that takes all children of this process for what its jobs left."""
    asked = InProcess(tmp_path, portable=request.param == "portable", reaper=True)
    yield asked
    asked.core.shut()
    reap_all()


def reap_all() -> None:
    """Reap what has ended, so that the next test finds no child that was there before."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.shut()
