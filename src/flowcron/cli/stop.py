"""flowcron stop: end the running scheduler."""

from __future__ import annotations

import time

import click

from flowcron.app.asking import ask, scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.domain.duration import DurationError, parse_duration
from flowcron.errors import FlowcronError, RefusedError
from flowcron.system import clock
from flowcron.system.cgroup import is_of_users_manager, unit_of

_ANSWER = 30.0  # seconds within which a scheduler says that it has heard


class StillRunningError(FlowcronError):
    """The scheduler has not ended within the time given."""


@as_command(
    name="stop",
    examples=("flowcron stop", "flowcron stop --now", "flowcron stop --leave --timeout 1m"),
)
@click.option("--now", is_flag=True, help="Cancel the running jobs instead of waiting for them.")
@click.option("--leave", is_flag=True, help="Leave the running jobs to the next scheduler.")
@click.option("--timeout", default="5m", show_default=True, help="How long to wait for its end.")
@pass_session
def command(session: Session, *, now: bool, leave: bool, timeout: str) -> int:
    """Stop the scheduler, as `on_stop` says, and wait until it has ended."""
    if now and leave:
        raise click.UsageError("--now and --leave exclude each other")
    try:
        patience = parse_duration(timeout).total_seconds()
    except DurationError as error:
        raise click.BadParameter(str(error), param_hint="--timeout") from error
    pid = scheduler_pid(session.history_path)
    unit = None if pid is None else unit_of(pid)
    if pid is not None and unit is not None:
        scope = " --user" if is_of_users_manager(pid) else ""
        raise RefusedError(
            f"systemd runs the scheduler and would start it again ({unit})",
            hint=f"systemctl{scope} stop {unit.removesuffix('.service')}",
        )
    how = "cancel" if now else "leave" if leave else ""
    ask(session.history_path, "stop", patience=_ANSWER, arguments={"how": how})
    deadline = clock.monotonic() + patience
    while scheduler_pid(session.history_path) == pid:
        if clock.monotonic() > deadline:
            raise StillRunningError(
                f"the scheduler (pid {pid}) still waits for running jobs after {timeout}",
                hint="flowcron status · flowcron stop --now",
            )
        time.sleep(0.05)
    session.note(f"the scheduler (pid {pid}) has stopped")
    return 0
