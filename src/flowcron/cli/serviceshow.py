"""flowcron service show: the unit that install would write."""

from __future__ import annotations

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.serviceplan import hardening_option, plan, whose_options


@as_command(
    name="show",
    group="service",
    examples=(
        "flowcron service show",
        "flowcron -c /srv/etl/schedules.toml service show --name etl --hardening strict",
    ),
)
@whose_options
@hardening_option
@pass_session
def command(session: Session, *, name: str, user: bool | None, hardening: str) -> None:
    """Print the unit that `install` would write; it is the same without systemd."""
    session.screen.block(plan(session, name=name, user=user, hardening=hardening).text)
