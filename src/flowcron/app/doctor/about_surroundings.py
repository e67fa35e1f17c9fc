"""The environment of whoever asks: its language, and the variables that flowcron obeys."""

from __future__ import annotations

from collections.abc import Iterator

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, warning, well


def locale(case: Case) -> Iterator[Finding]:
    """Check that characters are UTF-8, for screens and for the jobs that inherit the locale."""
    charset = case.choices.charset
    if charset == "UTF-8":
        yield well("locale UTF-8")
        return
    yield warning(
        f"the locale is {charset or 'not set'}, so only ASCII is shown and jobs that print other "
        "characters may fail",
        fix="export LANG=C.UTF-8",
    )


def environment(case: Case) -> Iterator[Finding]:
    """Check that every FLOWCRON_ variable that is set means something; no value is told."""
    choices = case.choices
    for name, hint in choices.unknown:
        yield warning(f"{name} is set and means nothing", where=name, fix=hint or f"unset {name}")
    names = f"{', '.join(choices.variables)} set" if choices.variables else "no variable set"
    yield well(f"history {case.history_path} {choices.history}, {names}")
