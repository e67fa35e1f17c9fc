"""What jobs need when they run, and what is not there for whoever asks `check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as Folder
from typing import Any

from flowcron.config.config import Config
from flowcron.config.mistake import Mistake, located
from flowcron.config.paths import in_folder
from flowcron.config.references import secrets_of_alerts, secrets_of_jobs, tables_of_jobs
from flowcron.config.secrets import CREDENTIALS, file_of
from flowcron.config.sources import unchanged_sources
from flowcron.config.wording import shown
from flowcron.errors import Problem

_ELSEWHERE = "without it the job cannot start; is it there where the scheduler runs?"
_UNTOLD = "without it nobody is told; is it there where the scheduler runs?"


def warnings_about_needs(config: Config, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return the secrets and files of variables that are not there, given the environment."""
    folder = config.path.parent
    return tuple(
        problem
        for source in unchanged_sources(config.path, config.digest)
        for problem in located(source, _missing(source.table, folder, environ))
    )


def _missing(
    table: dict[str, Any], folder: Folder, environ: Mapping[str, str]
) -> Iterator[Mistake]:
    for path, keys in tables_of_jobs(table):
        if "env_file" in keys and _is_missing(in_folder(keys["env_file"], folder)):
            message = f"there is no file {shown(keys['env_file'])}"
            yield Mistake("env-file", message, (*path, "env_file"), _ELSEWHERE, warning=True)
    for said, help_ in ((secrets_of_jobs, _ELSEWHERE), (secrets_of_alerts, _UNTOLD)):
        for path, reference in said(table):
            if what := _missing_secret(reference, folder, environ):
                yield Mistake("secret", what, path, help_, warning=True)


def _missing_secret(reference: str, folder: Folder, environ: Mapping[str, str]) -> str | None:
    """Return that what a reference names is not there, or None; programs are not started."""
    kind, _, name = reference.partition(":")
    if kind == "env" and name not in environ:
        return f"the variable {name} is not set"
    if kind == "credential":
        loaded = environ.get(CREDENTIALS)
        if not loaded:
            return f"there are no credentials: ${CREDENTIALS} is not set"
        return f"there is no credential {name}" if _is_missing(Folder(loaded) / name) else None
    file = file_of(reference, folder)
    if file is not None and _is_missing(file):
        return f"there is no file {shown(name)}"
    return None


def _is_missing(file: Folder) -> bool:
    """Return whether a file is not there; what may not be looked at may well be."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
