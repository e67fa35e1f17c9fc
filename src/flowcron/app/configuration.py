"""The configuration of a running scheduler: has it changed, and in what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flowcron.config.load import Config, load


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
    """Notices that the files of a configuration are no longer what was loaded."""

    def __init__(self, config: Config) -> None:
        self._path = config.path
        self._files = config.files
        self._seen = self._look()

    def has_changed(self) -> bool:
        """Return, once for each change, whether any of the files is another than before."""
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def load(self) -> Config:
        """Load the configuration as it is now; raises ConfigError."""
        config = load(self._path)
        self._files = config.files
        self._seen = self._look()
        return config

    def _look(self) -> tuple[object, ...]:
        folder = self._path.parent / "schedules.d"
        return tuple(_stamp(path) for path in (*self._files, folder))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
