"""A history to tell of, and those who are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rows import Story
from sending import Outbox


@pytest.fixture
def sending(tmp_path: Path) -> Iterator[Outbox]:
    story = Story(tmp_path / "history.db")
    yield Outbox(story)
    story.db.close()


@pytest.fixture
def secret(tmp_path: Path) -> Callable[[str], str]:
    """Return what writes a secret into a file and gives the reference to it."""

    def written(value: str) -> str:
        path = tmp_path / "secret"
        path.write_text(value)
        path.chmod(0o600)
        return f"file:{path}"

    return written
