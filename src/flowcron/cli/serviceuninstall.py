"""flowcron service uninstall: stop the service and remove its unit; running jobs go on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.confirm import confirmed
from flowcron.cli.context import Session, pass_session
from flowcron.cli.serviceplan import is_for_user, whose_options
from flowcron.cli.text import Span
from flowcron.config.paths import default_history
from flowcron.domain.run import State
from flowcron.errors import FlowcronError, NotFoundError, RefusedError
from flowcron.history.query import RunRow, open_runs
from flowcron.system.systemd import Systemd
from flowcron.system.unitfile import UnitFile, read_unit, remove_unit, unit_path


@as_command(
    name="uninstall",
    group="service",
    examples=(
        "sudo flowcron service uninstall",
        "flowcron service uninstall --user --name etl",
        "sudo flowcron service uninstall --purge --yes   # with its history and logs",
    ),
)
@whose_options
@click.option("--purge", is_flag=True, help="Delete the history and all logs too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, with --purge.")
@pass_session
def command(session: Session, *, name: str, user: bool | None, purge: bool, yes: bool) -> int:
    """Stop the service and remove its unit; schedules.toml and the history stay.

    Running jobs go on to their end; with --purge there must be none.
    """
    for_user, unit = is_for_user(user), f"{name}.service"
    systemd = Systemd(user=for_user)
    systemd.insist_it_is_here()
    file = read_unit(unit_path(unit, user=for_user))
    if file is None:
        raise NotFoundError(f"there is no {unit} of flowcron's", hint="flowcron service install")
    if not for_user and os.geteuid() != 0:
        raise RefusedError(
            "only root can remove a service of the machine", hint="sudo flowcron service uninstall"
        )
    session.config, session.db = file.config, file.history
    going_on = [run for run in open_runs(session.history) if run.state is State.RUNNING]
    if purge and not _may_purge(session, file, going_on, yes=yes):
        return 1
    systemd.do("disable", "--now", "--quiet", unit)
    remove_unit(file.path)
    systemd.do("daemon-reload")
    systemd.ask("reset-failed", unit)  # it may not have failed, which is no news
    session.screen.line(Span("✓ ", "ok"), f"stopped and removed {file.path}")
    if purge:
        _delete(file.history.parent)
        session.screen.line(Span("✓ ", "ok"), f"deleted {file.history.parent}")
    elif going_on:
        names = ", ".join(f"{run.job} (run {run.id})" for run in going_on)
        session.screen.line(f"  {names} {'goes' if len(going_on) == 1 else 'go'} on to the end")
    return 0


def _may_purge(session: Session, file: UnitFile, going_on: list[RunRow], *, yes: bool) -> bool:
    folder = file.history.parent
    if folder != default_history(file.config).resolve().parent:
        raise RefusedError(
            f"{folder} may hold more than flowcron's history, so it is not deleted",
            hint=f"uninstall without --purge, then delete {file.history} and logs/ by hand",
        )
    if going_on:
        names = ", ".join(run.job for run in going_on)
        raise RefusedError(
            f"running jobs still write there: {names}", hint="flowcron cancel --all, or wait"
        )
    return confirmed(session, f"delete {folder}, the history and logs of all runs?", yes=yes)


def _delete(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FlowcronError(f"cannot delete {folder}: {error.strerror or error}") from error
