"""References to secrets: what they name, and reading it when it is needed; never stored."""

from __future__ import annotations

from pathlib import Path

from flowcron.config.paths import in_folder

_FILE = "file:"


def settled(reference: str, folder: Path) -> str:
    """Return a reference that means the same wherever it is read: with the whole path of a file."""
    if not reference.startswith(_FILE):
        return reference
    return f"{_FILE}{in_folder(reference.removeprefix(_FILE), folder)}"
