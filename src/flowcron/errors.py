"""What flowcron raises when a person can act: a sentence, the next step and an exit code."""

from __future__ import annotations

from typing import NamedTuple


class FlowcronError(Exception):
    """An error that a person can mend: one full sentence, and a hint how."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotFoundError(FlowcronError):
    """There is no such job or run."""

    exit_code = 4


class NotRunningError(FlowcronError):
    """The scheduler that was asked for something is not running."""

    exit_code = 5


class RefusedError(FlowcronError):
    """What was asked for cannot be done now: already running, locked, paused."""

    exit_code = 6


class HistoryError(FlowcronError):
    """The history file cannot be used."""


class DamagedHistoryError(HistoryError):
    """The history file is damaged, empty or gone although there was one; a start heals it."""


class Problem(NamedTuple):
    """One mistake in a configuration file, and where it is.

    `line` and `column` count from 1, in characters; `width` is how many characters the
    caret line marks; all three are 0 where the problem has no place in the file.
    """

    code: str
    message: str
    help: str | None = None
    file: str = ""
    line: int = 0
    column: int = 0
    width: int = 0
    source: str = ""
    warning: bool = False


class ConfigError(FlowcronError):
    """The configuration cannot be used; `problems` says everything that is wrong with it."""

    exit_code = 3

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems[0].message, hint=problems[0].help)
        self.problems = problems
