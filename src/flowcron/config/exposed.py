"""Files of secrets that others can read: such a secret is none, so the configuration is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as Folder
from shlex import quote
from typing import Any

from flowcron.config.mistake import Mistake
from flowcron.config.positions import Path
from flowcron.config.secrets import file_of
from flowcron.config.small_files import exposure, is_exposed
from flowcron.config.wording import shown


def exposed_secrets(table: dict[str, Any], folder: Folder) -> Iterator[Mistake]:
    """Yield every secret that others can read; files are relative to `folder`.

    One that is not there, or not for us to look at, is no mistake: it may be there for the job.
    """
    for path, keys in tables_of_jobs(table):
        secrets = keys.get("secrets")
        for name, reference in secrets.items() if isinstance(secrets, dict) else ():
            file = file_of(reference, folder) if isinstance(reference, str) else None
            mode = None if file is None else _mode_of(file)
            if mode is not None and is_exposed(mode):
                message = f"{shown(reference)} {exposure(mode)}"
                help_ = f"chmod 600 {quote(str(file))}"
                yield Mistake("secret", message, (*path, "secrets", name), help_)


def tables_of_jobs(table: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield [defaults] and each job of a file's table, with its path."""
    defaults, jobs = table.get("defaults"), table.get("jobs")
    if isinstance(defaults, dict):
        yield ("defaults",), defaults
    for name, job in jobs.items() if isinstance(jobs, dict) else ():
        if isinstance(job, dict):
            yield ("jobs", name), job


def _mode_of(file: Folder) -> int | None:
    try:
        return file.stat().st_mode
    except (OSError, ValueError):
        return None
