"""What the tests of doctor's checks may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from looks import Looks


@pytest.fixture
def looks(tmp_path: Path) -> Iterator[Looks]:
    ready = Looks(tmp_path)
    yield ready
    ready.close()
