"""Asking before something that cannot be taken back: a person in a terminal, never a script."""

from __future__ import annotations

import sys

import click

from flowcron.cli.context import Session


def confirmed(session: Session, question: str, *, yes: bool) -> bool:
    """Return whether it may be done: `yes` was said on the command line, or is now.

    Raises click.UsageError where nobody can be asked.
    """
    if yes:
        return True
    if session.no_input or not (sys.stdin.isatty() and session.notes.is_terminal):
        raise click.UsageError("nobody can be asked here: say --yes")
    return click.confirm(question, err=True)
