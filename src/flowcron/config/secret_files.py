"""Which files of secrets and of variables a configuration names, also one with mistakes in it."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from flowcron.config.paths import in_folder
from flowcron.config.references import secrets_of_alerts, secrets_of_jobs, tables_of_jobs
from flowcron.config.secrets import file_of
from flowcron.config.sources import read_sources


def secret_files(config: Path) -> list[Path]:
    """Return the files that "file:" names, in any place where it refers to a secret."""
    found: dict[Path, None] = {}
    for source in read_sources(config):
        for _, text in chain(secrets_of_jobs(source.table), secrets_of_alerts(source.table)):
            file = None if "\0" in text else file_of(text, config.parent)
            if file is not None:
                found[file] = None
    return list(found)


def env_files(config: Path) -> list[Path]:
    """Return the files that `env_file` names."""
    found: dict[Path, None] = {}
    for source in read_sources(config):
        for _, keys in tables_of_jobs(source.table):
            name = keys.get("env_file")
            if isinstance(name, str) and "\0" not in name:
                found[in_folder(name, config.parent)] = None
    return list(found)
