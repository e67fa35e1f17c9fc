"""flowcron backup: a verified copy of the history, also while the scheduler runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowcron.app.asking import scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.text import Span
from flowcron.domain.size import human_size
from flowcron.errors import FlowcronError, NotFoundError, RefusedError
from flowcron.system import clock

FIELDS = ("file", "size", "took", "integrity", "pid")


@as_command(
    name="backup",
    examples=("flowcron backup /backup/flowcron.db", "flowcron backup copy.db --force --json"),
    fields=FIELDS,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE when it exists.")
@pass_session
def command(session: Session, *, file: Path, force: bool) -> None:
    """Copy the history to FILE and check the copy, whether or not the scheduler runs.

    To restore it, stop the scheduler and put the copy in the place of the history. The scheduler
    itself makes a backup each day, and restores the newest when the history is damaged.
    """
    target = file.expanduser().absolute()
    _insist_on_a_place(session, target, force=force)
    from flowcron.history.copies import copy_history  # noqa: PLC0415 most mistakes are found above

    began = clock.monotonic()
    try:
        size = copy_history(session.history_path, target, at=clock.now())
    except OSError as error:
        raise FlowcronError(
            f"{target} cannot be written: {error.strerror or error}",
            hint="name a file in a folder that exists and may be written",
        ) from error
    took = clock.monotonic() - began
    pid = scheduler_pid(session.history_path)
    if session.is_for_people:
        taken = "taken while the scheduler runs" if pid is not None else "no scheduler runs"
        said = f"{human_size(size)} in {took:.1f}s · integrity ok · {taken} (SQLite backup API)"
        session.screen.line(Span("✓ ", "ok"), said)
        return
    session.document(_document(target, size=size, took=took, pid=pid))


def _document(target: Path, *, size: int, took: float, pid: int | None) -> dict[str, Any]:
    return {
        "schema": "flowcron.backup/1",
        "file": str(target),
        "size": size,
        "took": round(took, 3),
        "integrity": "ok",
        "pid": pid,
    }


def _insist_on_a_place(session: Session, target: Path, *, force: bool) -> None:
    """Refuse to copy nothing, to copy a history over itself, and to replace a file unasked."""
    history = session.history_path
    if not history.exists():
        raise NotFoundError(f"there is no history at {history} yet", hint="flowcron start")
    if target.exists() and target.samefile(history):
        raise RefusedError(f"{target} is the history itself", hint="name another file")
    if target.is_dir():
        raise RefusedError(f"{target} is a folder", hint=f"flowcron backup {target}/history.db")
    if target.exists() and not force:
        raise RefusedError(f"{target} exists already", hint="--force replaces it")
