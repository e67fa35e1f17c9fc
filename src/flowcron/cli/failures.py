"""Errors as people read them, on stderr, and the exit code of each."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from flowcron import __version__
from flowcron.cli.context import Session
from flowcron.cli.text import Span
from flowcron.errors import ConfigError, FlowcronError

_TRACEBACKS = 2  # -vv


def explain(session: Session, error: Exception, arguments: Sequence[str]) -> int:
    """Say what went wrong and what to do; what is nobody's mistake but ours is a crash."""
    match error:
        case click.ClickException():
            return _usage(session, error)
        case ConfigError():
            return _config(session, error)
        case FlowcronError():
            return _sentence(session, error)
        case _ if (trouble := _history_trouble(session, error)) is not None:
            return _sentence(session, trouble)
        case _:
            return _crash(session, error, arguments)


def _usage(session: Session, error: click.ClickException) -> int:
    """Say what is wrong with the command line, and where its help is."""
    _error(session, error.format_message())
    context = getattr(error, "ctx", None)
    if context is not None:
        _next_step(session, f"{context.command_path} --help")
    return error.exit_code


def _config(session: Session, error: ConfigError) -> int:
    """Say everything that is wrong with the configuration."""
    from flowcron.cli.problems import write_problems  # noqa: PLC0415 most calls need none

    write_problems(session.notes, error.problems)
    return error.exit_code


def _sentence(session: Session, error: FlowcronError) -> int:
    """Say the sentence and the next step."""
    _error(session, error.message)
    if error.hint:
        _next_step(session, error.hint)
    return error.exit_code


def _history_trouble(session: Session, error: Exception) -> FlowcronError | None:
    """Return a sentence about a history that is locked, full or damaged; None for other errors."""
    from flowcron.app.trouble import explained  # noqa: PLC0415 most calls succeed
    from flowcron.history.database import DatabaseTrouble  # noqa: PLC0415 the same
    from flowcron.history.trouble import is_of_the_file  # noqa: PLC0415 the same

    if not isinstance(error, DatabaseTrouble) or not is_of_the_file(error):
        return None
    return explained(error, session.history_path)


def _crash(session: Session, error: Exception, arguments: Sequence[str]) -> int:
    """Say in a line that flowcron itself is wrong, and where the report is."""
    report = "".join(
        [
            f"flowcron {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
            f"arguments: {list(arguments)!r}\n\n",
            *traceback.format_exception(error),
        ]
    )
    if session.verbose >= _TRACEBACKS:
        session.notes.block(report)
    what = traceback.format_exception_only(error)[-1].strip()
    _error(session, f"flowcron stopped on a mistake of its own: {what}")
    _next_step(session, f"please report it with {_written(session, report)}")
    return FlowcronError.exit_code


def _error(session: Session, text: str) -> None:
    session.notes.line(Span("error: ", "error"), text)


def _next_step(session: Session, text: str) -> None:
    if not session.quiet:
        session.notes.line(Span(f"→ {text}", "dim"))


def _written(session: Session, report: str) -> Path:
    """Write the report beside the history, or in the temporary folder where that fails."""
    try:
        folder = session.history_path.parent / "crashes"
        if not folder.parent.is_dir():
            folder = Path(tempfile.gettempdir())
        folder.mkdir(mode=0o700, exist_ok=True)
        return _new_file(folder, report)
    except (OSError, FlowcronError):
        return _new_file(Path(tempfile.gettempdir()), report)


def _new_file(folder: Path, report: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="flowcron-crash-", suffix=".txt", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(report)
    return Path(name)
