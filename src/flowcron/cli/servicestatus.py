"""flowcron service status: what systemd knows of the service, and what its scheduler does."""

from __future__ import annotations

from typing import Any

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session
from flowcron.cli.facts import fact
from flowcron.cli.serviceplan import is_for_user, whose_options
from flowcron.cli.status import command as scheduler_status
from flowcron.cli.text import Span
from flowcron.errors import NotFoundError
from flowcron.system.systemd import Systemd
from flowcron.system.unitfile import UnitFile, read_unit, unit_path

FIELDS = (
    *("unit", "path", "state", "enabled", "pid", "restarts", "result", "status"),
    *("config", "history"),
)
_ASKED = (
    *("ActiveState", "SubState", "UnitFileState", "MainPID", "NRestarts", "Result", "StatusText"),
)
_NOT_RUNNING = 5
_LAST_LINES = 5


@as_command(
    name="status",
    group="service",
    examples=("flowcron service status", "flowcron service status --user --json state,pid"),
    fields=FIELDS,
)
@whose_options
@click.pass_context
def command(context: click.Context, *, name: str, user: bool | None) -> int:
    """Say what systemd knows of the service, and what its scheduler does.

    The exit code is 0 when it is running and 5 when it is not.
    """
    session = context.ensure_object(Session)
    systemd = Systemd(user=is_for_user(user))
    systemd.insist_it_is_here()
    unit = f"{name}.service"
    file = read_unit(unit_path(unit, user=systemd.user))
    if file is None:
        raise NotFoundError(f"there is no {unit} of flowcron's", hint="flowcron service install")
    known = systemd.properties(unit, *_ASKED)
    is_active = known["ActiveState"] in {"active", "reloading"}
    if not session.is_for_people:
        session.document(_document(unit, file, known))
        return 0 if is_active else _NOT_RUNNING
    _write(session, unit, file, known)
    if not is_active:
        for line in systemd.journal(unit, lines=_LAST_LINES):
            session.screen.line("  ", Span(line, "dim"))
    session.screen.line()
    session.config, session.db = file.config, file.history
    return int(context.invoke(scheduler_status))


def _document(unit: str, file: UnitFile, known: dict[str, str]) -> dict[str, Any]:
    return {
        "schema": "flowcron.service/1",
        "unit": unit,
        "path": str(file.path),
        "state": known["ActiveState"],
        "enabled": known["UnitFileState"] == "enabled",
        "pid": int(known["MainPID"] or 0) or None,
        "restarts": int(known["NRestarts"] or 0),
        "result": known["Result"],
        "status": known["StatusText"] or None,
        "config": str(file.config),
        "history": str(file.history),
    }


def _write(session: Session, unit: str, file: UnitFile, known: dict[str, str]) -> None:
    looks = {"active": ("●", "ok"), "failed": ("✗", "failed")}
    symbol, style = looks.get(known["ActiveState"], ("○", "late"))
    facts = [f"{known['ActiveState']} ({known['SubState']})", known["UnitFileState"]]
    if known["MainPID"] not in {"", "0"}:
        facts.append(f"pid {known['MainPID']}")
    if known["NRestarts"] not in {"", "0"}:
        facts.append(f"started again {known['NRestarts']} times")
    if known["Result"] not in {"", "success"}:
        facts.append(f"result {known['Result']}")
    session.screen.line(
        Span(f"{symbol} {unit}", style), f"   {' · '.join(filter(None, facts))}", fit=True
    )
    fact(session.screen, "unit", str(file.path))
    if known["StatusText"]:
        fact(session.screen, "says", known["StatusText"])
