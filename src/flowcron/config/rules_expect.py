"""What must hold within `expect`, and of the files that `secrets` name: said of jobs and defaults.

A secret that others can read is none, so that is refused whenever the file is loaded; what is
missing here may be there where the job runs, and is a warning of `check`.
"""

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

OF_A_FILE = ("fresh", "min_size")


def broken_expectations(table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield every `expect` that expects nothing, or something of no file."""
    for path, keys in tables_of_jobs(table):
        expect = keys.get("expect")
        if not isinstance(expect, dict):
            continue
        if not expect:
            help_ = 'write expect = { file = "…" }, or leave it out'
            yield Mistake("conflict", '"expect" expects nothing', (*path, "expect"), help_)
        for key in OF_A_FILE:
            if key in expect and "file" not in expect:
                message = f'"{key}" says nothing without "file"'
                help_ = f'name the file too: {{ file = "…", {key} = … }}'
                yield Mistake("conflict", message, (*path, "expect", key), help_, at_key=True)


def exposed_secrets(table: dict[str, Any], folder: Folder) -> Iterator[Mistake]:
    """Yield every secret that others can read; files are relative to `folder`."""
    for path, keys in tables_of_jobs(table):
        secrets = keys.get("secrets")
        for name, reference in secrets.items() if isinstance(secrets, dict) else ():
            file = file_of(reference, folder) if isinstance(reference, str) else None
            mode = None if file is None else _mode_of(file)
            if mode is not None and is_exposed(mode):
                message = f"{shown(str(file))} {exposure(mode)}"
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
    except (OSError, ValueError):  # it is not here, not for us to look at, or no path
        return None
