"""Finding the unit that `flowcron service install` has written for a history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_SYSTEM = Path("/etc/systemd/system")
_USER = Path("systemd/user")


class OwnUnit(NamedTuple):
    """A unit of ours: `user` says that the user's manager runs it and not the system's."""

    name: str
    user: bool


def unit_for(
    history: Path, *, environ: Mapping[str, str], system: Path = _SYSTEM
) -> OwnUnit | None:
    """Return the unit whose scheduler has this history, by what it says of itself, or None."""
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    for folder, user in ((system, False), (home / _USER, True)):
        for file in sorted(folder.glob("*.service")):
            if f"History={history}" in _lines(file):
                return OwnUnit(file.name, user)
    return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []  # a unit that is masked, or not for us to read
