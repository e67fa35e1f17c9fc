"""flowcron reload: make the running scheduler use schedules.toml as it is now."""

from __future__ import annotations

from flowcron.app.asking import RefusalError, ask
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.errors import ConfigError, Problem

_PATIENCE = 60.0  # seconds; ten thousand jobs load in a few


@as_command(name="reload", examples=("flowcron reload", "flowcron check && flowcron reload"))
@pass_session
def command(session: Session) -> int:
    """Load schedules.toml again; a broken file changes nothing and exits 3."""
    try:
        result = ask(session.history_path, "reload", patience=_PATIENCE)
    except RefusalError as error:
        if problems := error.result.get("problems"):
            session.warn("the running scheduler keeps its configuration")
            raise ConfigError(tuple(Problem(**problem) for problem in problems)) from error
        raise
    session.screen.line(f"loaded {result['jobs']} jobs: {result['changes']}")
    return 0
