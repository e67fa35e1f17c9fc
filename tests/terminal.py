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
from rows import SUNDAY, Story


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
        self._stories: list[Story] = []

    def piped(self, *arguments: str) -> Said:
        """Run a command whose output nobody sees."""
        return self._run(arguments, terminal=False)

    def on_terminal(self, *arguments: str, columns: int = 120, encoding: str = "utf-8") -> Said:
        """Run a command before a person."""
        self.environment.setenv("COLUMNS", str(columns))
        return self._run(arguments, terminal=True, encoding=encoding)

    def story(self, tell: Callable[[Path], Story] = Story) -> Story:
        """Return the history, to tell what happened."""
        self._stories.append(tell(self.history))
        return self._stories[-1]

    def close(self) -> None:
        """Close what tests have told their stories to."""
        for story in self._stories:
            story.db.close()

    def _run(self, arguments: tuple[str, ...], *, terminal: bool, encoding: str = "utf-8") -> Said:
        out, err = (Stream(terminal=terminal, encoding=encoding) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            code = run(arguments, session=Session(ask_clock=lambda: SUNDAY))
        text = out.written.decode(encoding, "backslashreplace")
        return Said(code, text, err.written.decode(encoding, "backslashreplace"), out.written)
