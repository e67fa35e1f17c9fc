"""Where the configuration and the history file are; cheap to import, reads next to nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

_APPLICATION = "flowcron"
_NAME = "schedules.toml"
_SYSTEM_CONFIG = Path("/etc/flowcron")
_SYSTEM_STATE = Path("/var/lib/flowcron")
_HISTORY = "history.db"


class Scope(StrEnum):
    """Whose configuration it is; it decides where the history is kept."""

    FOLDER = "folder"
    USER = "user"
    SYSTEM = "system"


def find_config(option: Path | None = None, *, scope: Scope | None = None) -> Path | None:
    """Return the configuration to use, absolute, or None when there is none anywhere.

    The first of `option`, FLOWCRON_CONFIG, ./schedules.toml, the user's and the system's wins;
    `scope` leaves only one place. What is named explicitly is returned though it may not exist.
    Folders above the current one are never searched: nobody starts a parent's jobs by accident.
    """
    named = option or _from_environment("FLOWCRON_CONFIG")
    if named is not None:
        return at_home(named).absolute()
    for place in config_places(scope=scope):
        if _is_there(place):
            return place.absolute()
    return None


def config_places(*, scope: Scope | None = None) -> Iterator[Path]:
    """Yield where a configuration is looked for, in order."""
    if scope in {None, Scope.FOLDER}:
        yield Path(_NAME)
    if scope in {None, Scope.USER}:
        yield _user_config() / _NAME
    if scope in {None, Scope.SYSTEM}:
        yield _SYSTEM_CONFIG / _NAME


def find_history(option: Path | None = None, *, config: Path | None) -> Path:
    """Return the history file that goes with a configuration, absolute.

    `option`, FLOWCRON_DB, `[history] path`, systemd's state directory, or by the place of the
    configuration. Raises ConfigError when `[history] path` is needed and cannot be read.
    """
    named = option or _from_environment("FLOWCRON_DB")
    if named is not None:
        return at_home(named).absolute()
    if config is not None:
        from flowcron.config.history_path import read_history_path  # noqa: PLC0415 it is seldom needed

        written = read_history_path(config)
        if written is not None:
            return written
    return default_history(config)


def default_history(config: Path | None) -> Path:
    """Return where the history is when nobody says so: by the place of the configuration."""
    directory = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if directory:
        return Path(directory).absolute() / _HISTORY
    if config is None:
        return _user_state() / _HISTORY
    match scope_of(config):
        case Scope.USER:
            return _user_state() / _HISTORY
        case Scope.SYSTEM:
            return _SYSTEM_STATE / _HISTORY
        case Scope.FOLDER:
            return config.absolute().parent / ".flowcron" / _HISTORY


def scope_of(config: Path) -> Scope:
    """Return whose configuration a file is, by the folder that it is in."""
    folder = config.absolute().parent
    if folder.name != _APPLICATION:
        return Scope.FOLDER
    if folder == _SYSTEM_CONFIG:
        return Scope.SYSTEM
    return Scope.USER if folder == _user_config() else Scope.FOLDER


def in_folder(text: str, folder: Path) -> Path:
    """Return a path as a configuration in `folder` writes it: `~` and relative paths resolved."""
    return folder.absolute() / at_home(Path(text))


def at_home(path: Path) -> Path:
    """Return a path with its `~` replaced; that of a user who does not exist stays as it is."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _from_environment(name: str) -> Path | None:
    text = os.environ.get(name, "")
    return Path(text) if text else None


def _is_there(place: Path) -> bool:
    """Return whether there is a file, also one in a folder that cannot be searched."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # loading it says what is wrong
    return True


# The Unix rules (XDG) on every system, so that the documented paths hold on macOS too.


def _user_config() -> Path:
    from platformdirs.unix import Unix  # noqa: PLC0415 only where the user's folders are needed

    return Unix(_APPLICATION).user_config_path


def _user_state() -> Path:
    from platformdirs.unix import Unix  # noqa: PLC0415 only where the user's folders are needed

    return Unix(_APPLICATION).user_state_path
