"""What the tests of commands may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcron.config.sources import digest_of, read_sources
from rows import evening
from terminal import Cli

_UNSET = (
    *("FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "PAGER", "LESS"),
    *("LC_ALL", "LC_CTYPE", "LANG", "STATE_DIRECTORY", "JOURNAL_STREAM"),
)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    for name in (*_UNSET, *[name for name in os.environ if name.startswith("FLOWCRON_")]):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home/state"))
    monkeypatch.setenv("FLOWCRON_TZ", "Europe/Berlin")
    monkeypatch.setenv("FLOWCRON_DB", str(tmp_path / "project/.flowcron/history.db"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    here = Cli(folder, monkeypatch)
    yield here
    here.close()


@pytest.fixture
def evening_cli(cli: Cli) -> Cli:
    """Return the command line in a project with a past."""
    config = cli.folder / "schedules.toml"
    config.write_text('[jobs.backup]\ncron = "0 3 * * *"\ncommand = "true"\n', encoding="utf-8")
    story = cli.story(evening)
    story.scheduler(config, digest_of(read_sources(config)))
    return cli
