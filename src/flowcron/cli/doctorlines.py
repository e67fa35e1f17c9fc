"""What doctor says to a person: what is well in a few lines, then each thing that is not."""

from __future__ import annotations

from collections.abc import Sequence

from flowcron.app.doctor.examine import Found, count
from flowcron.app.doctor.finding import Finding, Level
from flowcron.app.doctor.mending import Mended, mends
from flowcron.cli.context import Session
from flowcron.cli.table import line_width
from flowcron.cli.text import Line, Span

TOPICS = (
    ("python", "sqlite", "command", "zones", "locale"),
    ("configuration", "environment"),
    ("scheduler", "service", "supervisor", "clock"),
    ("database", "filesystem", "disk", "backups", "leftovers"),
    ("permissions", "secrets", "folders", "limits"),
    ("timeouts", "failures", "pauses", "cron"),
)
"""The checks that share a line when they are well."""

_SIGNS = {
    Level.OK: Span("✓ ", "ok"),
    Level.WARNING: Span("! ", "late"),
    Level.PROBLEM: Span("✗ ", "failed"),
}


def write_findings(session: Session, found: Sequence[Found]) -> None:
    """Write everything that was found, the worst last, and how to go on."""
    if not session.quiet:
        _write_well(session, found)
    for level in (Level.WARNING, Level.PROBLEM):
        for each in found:
            if each.finding.level is level:
                _write_finding(session, each.finding)
    if not session.quiet:
        session.screen.wrapped(Span(_summary(found), "strong"), again=Span("  "))
    if any(each.finding.level is not Level.OK for each in found):
        session.hint(*_next_steps(found))


def write_mended(session: Session, mended: Sequence[Mended]) -> None:
    """Write what was done about modes, and what could not be."""
    for each in mended:
        sign = _SIGNS[Level.OK if each.failure is None else Level.PROBLEM]
        session.screen.wrapped(sign, str(each), again=Span("    "))


def _write_well(session: Session, found: Sequence[Found]) -> None:
    for topic in TOPICS:
        texts = [
            each.finding.text
            for each in found
            if each.check in topic and each.finding.level is Level.OK
        ]
        if texts:
            line = " · ".join(texts)
            session.screen.wrapped(_SIGNS[Level.OK], line, again=Span("  "))


def _write_finding(session: Session, finding: Finding) -> None:
    """Write a finding, and its mending at the end of the line or below it."""
    screen = session.screen
    line: Line = (_SIGNS[finding.level], Span(finding.text))
    if finding.fix is None:
        screen.wrapped(*line, again=Span("    "))
        return
    fix = Span(f"→ {finding.fix}", "dim")
    joined = (*line, Span("   "), fix)
    if screen.room is None or line_width(screen.safe(joined)) <= screen.room:
        screen.line(*joined)
        return
    screen.wrapped(*line, again=Span("    "))
    screen.wrapped(fix, front=Span("    "), again=Span("      "))


def _summary(found: Sequence[Found]) -> str:
    """Return "9 checks ok, 3 warnings, 2 problems"."""
    checks = {each.check for each in found}
    bad = {each.check for each in found if each.finding.level is not Level.OK}
    numbers = [(level, count(found, level)) for level in (Level.WARNING, Level.PROBLEM)]
    wrong = [many(number, level) for level, number in numbers if number]
    return ", ".join((f"{many(len(checks - bad), 'check')} ok", *wrong))


def _next_steps(found: Sequence[Found]) -> list[str]:
    steps = ["report for an issue: flowcron doctor --json"]
    if wanted := mends(found):
        steps.insert(0, f"flowcron doctor --fix   mends {many(len(wanted), 'mode')}")
    return steps


def many(number: int, word: str) -> str:
    """Return "1 check" or "9 checks"."""
    return f"{number} {word}{'' if number == 1 else 's'}"
