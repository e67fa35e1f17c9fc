"""flowcron service install: write the unit, start it, and see that it runs."""

from __future__ import annotations

import os

import click

from flowcron.app.asking import scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.confirm import confirmed
from flowcron.cli.context import Session, pass_session
from flowcron.cli.facts import fact
from flowcron.cli.serviceplan import Plan, at_home, doubts, hardening_option, plan, whose_options
from flowcron.cli.text import Span
from flowcron.errors import RefusedError
from flowcron.system.cgroup import unit_of
from flowcron.system.systemd import Systemd, SystemdError
from flowcron.system.unit import Service
from flowcron.system.unitfile import read_unit, write_unit

_LAST_LINES = 10


@as_command(
    name="install",
    group="service",
    examples=(
        "sudo flowcron service install",
        "sudo flowcron -c /srv/etl/schedules.toml service install --name etl --yes",
        "flowcron service install --user",
        "flowcron service install -n      # what would be written",
    ),
)
@whose_options
@hardening_option
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be written, and end.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_session
def command(
    session: Session, *, name: str, user: bool | None, hardening: str, dry_run: bool, yes: bool
) -> int:
    """Write a systemd unit for schedules.toml, start it and wait until it is ready.

    What was installed before is replaced; running jobs go on. A broken file exits with 3.
    """
    planned = plan(session, name=name, user=user, hardening=hardening)
    systemd = Systemd(user=planned.service.user)
    if not dry_run:
        _insist_it_can_be(planned, systemd)
    _say(session, planned)
    for doubt in doubts(planned):
        session.warn(doubt)
    if dry_run:
        session.screen.line()
        session.screen.block(planned.text)
        return 0
    if not confirmed(session, "write and start it?", yes=yes, default=True):
        return 1
    write_unit(planned.path, planned.text)
    _start(session, planned.service, systemd)
    return 0


def _insist_it_can_be(planned: Plan, systemd: Systemd) -> None:
    service = planned.service
    if not service.user and os.geteuid() != 0:
        raise RefusedError(
            "only root can install a service of the machine",
            hint="sudo flowcron service install · or one of yours: --user",
        )
    systemd.insist_it_is_here()
    read_unit(planned.path)
    pid = scheduler_pid(service.history)
    if pid is not None and unit_of(pid) != service.unit:
        raise RefusedError(
            f"a scheduler runs already on {service.history.parent} (pid {pid})",
            hint="flowcron stop --leave, then install again: its jobs go on",
        )


def _say(session: Session, planned: Plan) -> None:
    service, screen = planned.service, session.screen
    essence = "(Type=notify, Restart=always, WatchdogSec=60, KillMode=process)"
    fact(screen, "unit", str(planned.path), essence)
    jobs = len(planned.config.jobs)
    found = f"{jobs} job{'' if jobs == 1 else 's'}, no errors"
    fact(screen, "config", str(service.config), found)
    made = "StateDirectory=flowcron" if service.has_state_directory else None
    fact(screen, "state", str(service.history.parent), made)
    for name in service.credentials:
        loads = "LoadCredentialEncrypted" if name in service.encrypted else "LoadCredential"
        used = f"(credential:{name} is used by {planned.uses[name]})"
        fact(screen, "secrets", f"{loads}={name}", used)
    is_kept = not service.user and at_home(service) is None
    kept = (Span("✓ ", "ok"), Span("not inside a home directory")) if is_kept else None
    fact(screen, "python", " ".join(service.program), kept)


def _start(session: Session, service: Service, systemd: Systemd) -> None:
    systemd.do("daemon-reload")
    systemd.do("enable", "--quiet", service.unit)
    try:
        systemd.do("restart", service.unit)
    except SystemdError as error:
        session.notes.line(f"{service.unit} does not run; the end of its journal:")
        for line in systemd.journal(service.unit, lines=_LAST_LINES):
            session.notes.line("  ", line)
        scope = "--user " if service.user else ""
        raise SystemdError(
            error.message,
            hint=f"it is tried again every few seconds · journalctl {scope}-u {service.name}",
        ) from error
    found = systemd.properties(service.unit, "ActiveState", "SubState", "StatusText")
    session.screen.line(
        Span("✓ ", "ok"),
        "enabled and started · ",
        Span("● ", "ok"),
        f"{found['ActiveState']} ({found['SubState']}) · {found['StatusText']}",
    )
    session.hint(f"journalctl {'--user ' if service.user else ''}-u {service.name} -f")
