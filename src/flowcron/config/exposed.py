"""Files of secrets that others can read: such a secret is none, so the configuration is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path as Folder
from shlex import quote
from typing import Any

from flowcron.config.mistake import Mistake
from flowcron.config.references import secrets_of_alerts, secrets_of_jobs
from flowcron.config.secrets import file_of
from flowcron.config.small_files import exposure, is_exposed
from flowcron.config.wording import shown


def exposed_secrets(table: dict[str, Any], folder: Folder) -> Iterator[Mistake]:
    """Yield every secret that others can read; files are relative to `folder`.

    One that is not there, or not for us to look at, is no mistake: it may be there for the job.
    """
    for path, reference in chain(secrets_of_jobs(table), secrets_of_alerts(table)):
        file = file_of(reference, folder)
        mode = None if file is None else _mode_of(file)
        if mode is not None and is_exposed(mode):
            message = f"{shown(reference)} {exposure(mode)}"
            yield Mistake("secret", message, path, f"chmod 600 {quote(str(file))}")


def _mode_of(file: Folder) -> int | None:
    try:
        return file.stat().st_mode
    except (OSError, ValueError):
        return None
