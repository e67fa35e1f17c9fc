"""The entry point: every error becomes a sentence and an exit code here, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowcron import __version__

if TYPE_CHECKING:
    from flowcron.cli.context import Session

_INTERRUPTED = 130
_BROKEN_PIPE = 141  # 128 + SIGPIPE, as programs end that do not catch it


def main() -> None:
    """Run flowcron with the arguments of the process."""
    arguments = sys.argv[1:]
    if arguments in (["-V"], ["--version"]):  # answered before anything is loaded
        sys.stdout.write(f"flowcron {__version__}\n")
        return
    sys.exit(run(arguments))


def run(arguments: Sequence[str], *, session: Session | None = None) -> int:
    """Run one command and return its exit code."""
    from flowcron.cli.context import Session  # noqa: PLC0415 --version needs none of it

    session = session or Session()
    try:
        return _answer(arguments, session)
    except BrokenPipeError:
        _stop_writing()
        return _BROKEN_PIPE
    finally:
        session.close()


def _answer(arguments: Sequence[str], session: Session) -> int:
    import click  # noqa: PLC0415 --version needs none of it

    from flowcron.cli.commands import flowcron  # noqa: PLC0415 the same

    try:
        said = list(arguments) or ["--help"]
        with flowcron.make_context("flowcron", said, obj=session) as context:
            code = flowcron.invoke(context)
            sys.stdout.flush()
            return int(code or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 all are said; a bug with its traceback written down
        from flowcron.cli.failures import explain  # noqa: PLC0415 most calls succeed

        return explain(session, error, arguments)


def _stop_writing() -> None:
    """Let the end of the process flush into nowhere: the reader has gone (`| head`)."""
    import os  # noqa: PLC0415 seldom needed

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
