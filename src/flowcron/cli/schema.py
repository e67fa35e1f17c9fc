"""The JSON Schema of schedules.toml for editors: `flowcron schema`."""

from __future__ import annotations

import json

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session


@as_command(
    name="schema",
    examples=(
        "flowcron schema > schedules.schema.json",
        "# then, as the first line of schedules.toml:  #:schema ./schedules.schema.json",
    ),
)
@pass_session
def command(session: Session) -> None:
    """Print the JSON Schema of schedules.toml, for editors that complete and check it."""
    from flowcron.config.schema import json_schema  # noqa: PLC0415 pydantic is slow to load

    session.screen.text(json.dumps(json_schema(), indent=2) + "\n")
