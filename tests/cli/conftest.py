"""flowcron's command line without a process: on a terminal of any width, or piped."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from flowcron.cli.context import Session
from flowcron.cli.main import run
from flowcron.config.sources import digest_of, read_sources
from rows import SUNDAY, Story, evening


@dataclass(frozen=True, slots=True)
class Said:
    """What a command wrote and its exit code."""

    code: int
    out: str
    err: str
    bytes: bytes

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Stream(io.TextIOWrapper):
    """An output stream that may say that it is a terminal."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def written(self) -> bytes:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue()


class Cli:
    """Runs commands in a folder of its own; `story` is the history there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.environment = monkeypatch
        self.history = folder / ".flowcron" / "history.db"

    def piped(self, *arguments: str) -> Said:
        """Run a command whose output nobody sees."""
        return self._run(arguments, terminal=False)

    def on_terminal(self, *arguments: str, columns: int = 120, encoding: str = "utf-8") -> Said:
        """Run a command before a person."""
        self.environment.setenv("COLUMNS", str(columns))
        return self._run(arguments, terminal=True, encoding=encoding)

    def story(self, tell: Callable[[Path], Story] = Story) -> Story:
        """Return the history, to tell what happened."""
        return tell(self.history)

    def _run(self, arguments: tuple[str, ...], *, terminal: bool, encoding: str = "utf-8") -> Said:
        out, err = (Stream(terminal=terminal, encoding=encoding) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            code = run(arguments, session=Session(ask_clock=lambda: SUNDAY))
        text = out.written.decode(encoding, "backslashreplace")
        return Said(code, text, err.written.decode(encoding, "backslashreplace"), out.written)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "FLOWCRON_ASCII", "COLUMNS", "STATE_DIRECTORY"):
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
    return Cli(folder, monkeypatch)


@pytest.fixture
def evening_cli(cli: Cli) -> Cli:
    """Return the command line in a project with a past."""
    config = cli.folder / "schedules.toml"
    config.write_text('[jobs.backup]\ncron = "0 3 * * *"\ncommand = "true"\n', encoding="utf-8")
    story = evening(cli.history)
    story.scheduler(config, digest_of(read_sources(config)))
    story.db.close()
    return cli
