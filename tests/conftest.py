"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from flowcron.history.database import open_history
from installed import Installed, installed_in
from receivers import Certificates, Web, web_server
from world import World

pytest.register_assert_rewrite("scene", "torture")  # they say what is not so

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's `&` ignores it for all children
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The suite tries the same examples each time; `nox -s explore` looks for new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", max_examples=1_000)
settings.load_profile(os.environ.get("FLOWCRON_EXAMPLES", "steady"))


@pytest.fixture
def flowcron(tmp_path: Path) -> Iterator[Installed]:
    with installed_in(tmp_path) as ready:
        yield ready


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    history = open_history(tmp_path / "history.db")
    yield World(history)
    history.close()


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))
