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


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.shut()
