"""The software that flowcron stands on: Python, SQLite, and which flowcron the shell finds."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flowcron import __version__
from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.domain.instant import Instant, moment
from flowcron.history.database import NEEDED_SQLITE, sqlite_version

_OLDEST = (3, 11)
_SUPPORTED_UNTIL = {(3, 11): 2027, (3, 12): 2028, (3, 13): 2029, (3, 14): 2030, (3, 15): 2031}
"""The year whose October ends the security fixes of a Python (PEP 664 and those after it)."""
_OCTOBER = 10
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_PACKAGE = Path(__file__).parents[2]

Version = tuple[int, int, int]


def python(case: Case) -> Iterator[Finding]:
    """Check that Python is new enough, gets security fixes, and starts fast."""
    yield judge_python(sys.version_info[:3], case.now)
    yield from judge_bytecode(
        is_kept=Path(importlib.util.cache_from_source(__file__)).exists(),
        is_unwanted=bool(case.environ.get(_NO_BYTECODE)),
    )


def judge_bytecode(*, is_kept: bool, is_unwanted: bool) -> Iterator[Finding]:
    """Yield that flowcron is compiled at each start, which takes longer than most commands."""
    if not is_kept:
        compile_ = f"{sys.executable} -m compileall {_PACKAGE}"
        yield warning(
            "each start compiles flowcron anew: its bytecode is not kept",
            where=_PACKAGE,
            fix=f"unset {_NO_BYTECODE}" if is_unwanted else compile_,
        )


def judge_python(version: Version, now: Instant) -> Finding:
    """Return what there is to say about a version of Python."""
    text = f"python {_dotted(version)}"
    if version[:2] < _OLDEST:
        return problem(f"{text} is too old", fix=f"install Python {_dotted(_OLDEST)} or newer")
    year = _SUPPORTED_UNTIL.get(version[:2])
    if year is not None and moment(now) >= datetime(year, _OCTOBER, 31, tzinfo=UTC):
        return warning(
            f"{text} has had no security fixes since October {year}", fix="install a newer Python"
        )
    return well(text)


def sqlite(case: Case) -> Iterator[Finding]:  # noqa: ARG001 every check is given the case
    """Check that SQLite knows everything that the history needs."""
    yield judge_sqlite(sqlite_version())


def judge_sqlite(version: tuple[int, ...]) -> Finding:
    """Return what there is to say about a version of SQLite."""
    text = f"sqlite {_dotted(version)}"
    if version < NEEDED_SQLITE:
        return problem(
            f"{text} is too old for the history",
            fix=f"use a Python with SQLite {_dotted(NEEDED_SQLITE)} or newer",
        )
    return well(text)


def command(case: Case) -> Iterator[Finding]:
    """Check that the flowcron that a shell finds is the one that answers here."""
    found = shutil.which("flowcron", path=case.environ.get("PATH", os.defpath))
    yield judge_command(None if found is None else Path(found), ours=_scripts())


def judge_command(found: Path | None, *, ours: tuple[Path, ...]) -> Finding:
    """Return what there is to say about a program, given the folders that have our scripts."""
    if found is None:
        text = "flowcron is not on PATH, so crontabs and scripts do not find it"
        return warning(text, fix=f"ln -s {ours[0]}/flowcron /usr/local/bin/")
    if found.resolve().parent not in ours:
        return warning(
            f"the flowcron on PATH is another one than this ({__version__} of {ours[0]})",
            where=found,
            fix=f"remove it, or put {ours[0]} before it on PATH",
        )
    return well(f"flowcron {__version__} is {found}", found)


def _scripts() -> tuple[Path, ...]:
    """Return where scripts of this Python are, its own first."""
    users = f"{os.name}_user"
    named = [sysconfig.get_path("scripts")]
    if users in sysconfig.get_scheme_names():
        named.append(sysconfig.get_path("scripts", users))
    return tuple(Path(each).resolve() for each in named)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
