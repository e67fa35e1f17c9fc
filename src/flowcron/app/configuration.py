"""The configuration of a running scheduler: has it changed, and in what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flowcron.config.aside import load_aside
from flowcron.config.config import Config
from flowcron.config.sources import digest_at


@dataclass(frozen=True, slots=True)
class Differences:
    """The names of the jobs that a reload added, changed and removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    def __str__(self) -> str:
        """Return one line for a person."""
        parts = [
            f"{word} {', '.join(names)}"
            for word, names in (
                ("added", self.added),
                ("changed", self.changed),
                ("removed", self.removed),
            )
            if names
        ]
        return " · ".join([*parts, f"{self.unchanged} unchanged"])


def differences(old: Config, new: Config) -> Differences:
    """Return what a reload from one configuration to another means."""
    before, after = ({job.name: job for job in config.jobs} for config in (old, new))
    changed = tuple(name for name in after if name in before and after[name] != before[name])
    return Differences(
        added=tuple(name for name in after if name not in before),
        changed=changed,
        removed=tuple(name for name in before if name not in after),
        unchanged=len(after.keys() & before.keys()) - len(changed),
    )


class Watch:
    """Notices that the files of a configuration no longer say what was loaded.

    They never did where the configuration `is_old`: then the first look finds a change.
    """

    def __init__(self, config: Config, *, is_old: bool = False) -> None:
        self._path = config.path
        self._digest = "" if is_old else config.digest
        self._places = _places(config)
        self._seen: tuple[object, ...] = ()

    def has_changed(self) -> bool:
        """Return, once for each change, whether the files say something else than before.

        They are read only when one of them, or of the folders they are in, is not as it was.
        """
        before, self._seen = self._seen, self._look()
        if self._seen == before:
            return False
        digest, self._digest = self._digest, digest_at(self._path)
        return self._digest != digest

    def load(self) -> Config:
        """Load the configuration as it is now; raises ConfigError."""
        self._seen = ()  # so that what is written during the load is noticed after it
        config = load_aside(self._path)
        self._digest, self._places = config.digest, _places(config)
        return config

    def _look(self) -> tuple[object, ...]:
        return tuple(map(_stamp, self._places))


def _places(config: Config) -> tuple[Path, ...]:
    """Return the files, and the folders in which another one may appear."""
    folders = {file.parent for file in config.files} | {config.path.parent / "schedules.d"}
    return (*config.files, *sorted(folders))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
