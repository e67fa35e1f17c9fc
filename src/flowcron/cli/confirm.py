"""Asking before something that cannot be taken back."""

from __future__ import annotations

import sys

import click

from flowcron.cli.context import Session


def confirmed(session: Session, question: str, *, yes: bool) -> bool:
    """Return whether a person agrees; `yes` is that they have said so already.

    Raises click.UsageError where nobody can be asked.
    """
    if yes:
        return True
    if session.no_input or not (sys.stdin.isatty() and session.notes.is_terminal):
        raise click.UsageError("nobody can be asked here: say --yes")
    return click.confirm(question, err=True)
