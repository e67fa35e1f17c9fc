"""doctor on Python, SQLite and the flowcron on PATH."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

import flowcron
from flowcron.app.doctor.about_software import (
    command,
    judge_bytecode,
    judge_command,
    judge_python,
    judge_sqlite,
    python,
    sqlite,
)
from flowcron.app.doctor.finding import Level
from flowcron.history.database import NEEDED_SQLITE
from looks import Looks, levels
from rows import SUNDAY, at


def test_this_python_and_this_sqlite_are_well(looks: Looks) -> None:
    assert looks.findings(python)[0].level is Level.OK
    assert levels(looks.findings(sqlite)) == [Level.OK]


@pytest.mark.parametrize(
    ("version", "level"),
    [((3, 10, 9), Level.PROBLEM), ((3, 11, 0), Level.OK), ((3, 99, 0), Level.OK)],
)
def test_a_python_is_new_enough_or_a_problem(version: tuple[int, int, int], level: Level) -> None:
    assert judge_python(version, SUNDAY).level is level


def test_a_python_without_security_fixes_is_a_warning() -> None:
    assert judge_python((3, 11, 7), at("2027-10-30")).level is Level.OK
    assert judge_python((3, 11, 7), at("2027-11-01")).level is Level.WARNING


def test_an_sqlite_that_lacks_what_the_history_needs_is_a_problem() -> None:
    assert judge_sqlite((3, 37, 2)).level is Level.PROBLEM
    assert judge_sqlite(NEEDED_SQLITE).level is Level.OK


def test_a_shell_that_finds_no_flowcron_is_a_warning(looks: Looks) -> None:
    (finding,) = looks.findings(command, environ={"PATH": str(looks.folder)})

    assert finding.level is Level.WARNING
    assert "not on PATH" in finding.text


def test_another_flowcron_on_path_is_a_warning(looks: Looks) -> None:
    other = looks.folder / "flowcron"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)

    (finding,) = looks.findings(command, environ={"PATH": str(looks.folder)})

    assert finding.level is Level.WARNING
    assert finding.where == str(other)


def test_a_link_to_this_flowcron_is_this_flowcron(tmp_path: Path) -> None:
    scripts = Path(sysconfig.get_path("scripts")).resolve()
    link = tmp_path / "flowcron"
    link.symlink_to(scripts / "flowcron")

    assert judge_command(link, ours=(scripts,)).level is Level.OK


def test_bytecode_that_nobody_keeps_is_a_warning_that_says_how_to_keep_it() -> None:
    (unwanted,) = judge_bytecode(is_kept=False, is_unwanted=True)
    (unwritable,) = judge_bytecode(is_kept=False, is_unwanted=False)

    assert unwanted.fix == "unset PYTHONDONTWRITEBYTECODE"
    assert unwritable.fix == f"{sys.executable} -m compileall {Path(flowcron.__file__).parent}"
    assert not list(judge_bytecode(is_kept=True, is_unwanted=False))
