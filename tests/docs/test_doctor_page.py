"""docs/doctor.md: every check is in it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from flowcron.app.doctor.about_disks import _ENOUGH, _FULL, _NOTHING, _TIGHT
from flowcron.app.doctor.about_limits import _MANY
from flowcron.app.doctor.about_scheduler import _PATIENCE
from flowcron.app.doctor.examine import CHECKS
from flowcron.app.heartbeat import HEARTBEAT
from flowcron.cli.doctor import FIELDS
from flowcron.history.database import NEEDED_SQLITE

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", PAGE, re.MULTILINE))


def test_every_check_is_explained_in_the_order_in_which_it_is_made() -> None:
    assert list(ROWS) == list(CHECKS)


def test_every_field_of_a_finding_is_named() -> None:
    assert all(f"`{field}`" in PAGE for field in FIELDS)


def test_the_figures_are_those_of_the_checks() -> None:
    assert f"less than {_TIGHT:.0%}".replace("%", " %") in ROWS["disk"]
    assert f"{_ENOUGH // 10**9} GB | less than {_FULL:.0%}".replace("%", " %") in ROWS["disk"]
    assert f"{_NOTHING // 10**6} MB" in ROWS["disk"]
    assert f"less than {_MANY} runs" in ROWS["limits"]
    assert f"within {_PATIENCE:g} s" in ROWS["scheduler"]
    assert f"older than {'.'.join(map(str, NEEDED_SQLITE[:2]))}" in ROWS["sqlite"]
    assert f"every {HEARTBEAT:g} seconds" in PAGE
