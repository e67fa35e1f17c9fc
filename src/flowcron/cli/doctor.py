"""Find out what is wrong: `flowcron doctor`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.examine import Found, count, examine
from flowcron.app.doctor.finding import Level
from flowcron.app.doctor.machine import machine
from flowcron.app.doctor.mending import Mended, mend, mends
from flowcron.cli.command import command as as_command
from flowcron.cli.confirm import confirmed
from flowcron.cli.context import Session, pass_session
from flowcron.cli.doctorchoices import choices
from flowcron.cli.doctorlines import write_findings, write_mended
from flowcron.config.paths import default_history
from flowcron.domain.times import iso
from flowcron.errors import ConfigError

FIELDS = ("check", "level", "text", "where", "fix", "mendable")


@as_command(
    name="doctor",
    examples=("flowcron doctor", "flowcron doctor --fix", "flowcron doctor --json > report.json"),
    fields=FIELDS,
)
@click.option("--fix", is_flag=True, help="Mend the modes of flowcron's own files and of secrets.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --fix mends.")
@pass_session
def command(session: Session, *, fix: bool, strict: bool, yes: bool) -> int:
    """Find out what is wrong with flowcron, its files and the machine, and how to mend it.

    The exit code is 1 when there is a problem. --json is a report for an issue: it has paths in it,
    and no value of a secret or of a variable.
    """
    case = _case(session)
    found = _examined(case)
    mended: list[Mended] = []
    wanted = mends(found) if fix else []
    if wanted and confirmed(session, f"{'; '.join(map(str, wanted))}: do it?", yes=yes):
        mended = [mend(each) for each in wanted]
        found = _examined(case)
    if session.is_for_people:
        write_mended(session, mended)
        write_findings(session, found)
    else:
        for each in mended:
            session.notes.line(str(each))
        document = _document(session, case, found, mended)
        session.records([_record(each) for each in found], FIELDS, document=document)
    is_wrong = count(found, Level.PROBLEM) or (strict and count(found, Level.WARNING))
    return 1 if is_wrong else 0


def _case(session: Session) -> Case:
    try:
        history = session.history_path
    except ConfigError:  # the check about the configuration says so
        history = default_history(session.config_path).resolve()
    environ = dict(os.environ)
    return Case(session.now, environ, session.config_path, history, choices(session, environ))


def _examined(case: Case) -> list[Found]:
    with closing(case.anew()) as fresh:
        return examine(fresh)


def _document(
    session: Session, case: Case, found: Sequence[Found], mended: Sequence[Mended]
) -> dict[str, Any]:
    return {
        "schema": "flowcron.doctor/1",
        "at": iso(case.now, session.zone),
        "summary": {level: count(found, level) for level in Level},
        "machine": machine(),
        "config": {"path": _text(case.config_path), "by": case.choices.config},
        "history": {"path": _text(case.history_path), "by": case.choices.history},
        "variables": ", ".join(case.choices.variables),
        "mended": "; ".join(map(str, mended)),
        "findings": [],
    }


def _record(found: Found) -> dict[str, Any]:
    finding = found.finding
    return {
        "check": found.check,
        "level": finding.level,
        "text": finding.text,
        "where": finding.where,
        "fix": finding.fix,
        "mendable": finding.mend is not None,
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
