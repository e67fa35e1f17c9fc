"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcron.history.database import open_history
from installed import Installed, installed_in
from world import World


@pytest.fixture
def flowcron(tmp_path: Path) -> Iterator[Installed]:
    with installed_in(tmp_path) as ready:
        yield ready


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    history = open_history(tmp_path / "history.db")
    yield World(history)
    history.close()
