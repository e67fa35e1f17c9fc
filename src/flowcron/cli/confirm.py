"""Asking before something that is hard to take back."""

from __future__ import annotations

import sys

import click

from flowcron.cli.context import Session


def confirmed(session: Session, question: str, *, yes: bool, default: bool = False) -> bool:
    """Return whether a person agrees; `yes` is that they have said so already.

    `default` is what they mean who only press Enter.

    Raises click.UsageError where nobody can be asked.
    """
    if yes:
        return True
    if session.no_input or not (sys.stdin.isatty() and session.notes.is_terminal):
        raise click.UsageError("nobody can be asked here: say --yes")
    return click.confirm(question, default=default, err=True)
