"""Unit files on the disk: where they are, what ours say, writing and removing them."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from flowcron.errors import RefusedError
from flowcron.system.unit import UnitError

_SYSTEM = Path("/etc/systemd/system")
_FACT = re.compile(r"^(Config|History)=(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A unit of ours that is there, and what it was made for."""

    path: Path
    text: str
    config: Path
    history: Path


def unit_path(unit: str, *, user: bool) -> Path:
    """Return where a unit is written: among the system's, or those of the user who asks."""
    if not user:
        return _SYSTEM / unit
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "systemd" / "user" / unit


def read_unit(path: Path) -> UnitFile | None:
    """Return a unit of ours, None when there is none; raises RefusedError for somebody else's."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UnitError(f"cannot read {path}: {error}") from error
    facts = dict(_FACT.findall(text.partition("\n[X-Flowcron]\n")[2]))
    if facts.keys() != {"Config", "History"}:
        raise RefusedError(
            f"{path} was not written by flowcron service install, so it is left alone",
            hint="choose another name with --name",
        )
    return UnitFile(path, text, Path(facts["Config"]), Path(facts["History"]))


def write_unit(path: Path, text: str) -> None:
    """Write a unit: whoever reads it sees the old one or the new one, whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            try:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except OSError:
                Path(file.name).unlink()
                raise
    except OSError as error:
        raise UnitError(f"cannot write {path}: {error.strerror or error}") from error


def remove_unit(path: Path) -> None:
    """Remove a unit."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UnitError(f"cannot remove {path}: {error.strerror or error}") from error
