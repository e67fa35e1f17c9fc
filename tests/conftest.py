"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from installed import Installed, installed_in


@pytest.fixture
def flowcron(tmp_path: Path) -> Iterator[Installed]:
    with installed_in(tmp_path) as ready:
        yield ready
