"""The rules of a zone are changed by a government, and its data by an upgrade."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

DECIDE = """
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
from flowcron.domain.instant import instant, moment
from flowcron.domain.job import Cron, Missed
from flowcron.domain.planner import plan
from flowcron.domain.schedule import schedule_of

schedule = schedule_of(Cron("0 12 * * *", "Test/Place"))
decided = plan(
    (schedule,),
    missed=Missed.ALL,
    missed_within=None,
    cursor=instant(datetime(2027, 3, 1, 11, tzinfo=UTC)),  # noon, where noon is at eleven
    now=instant(datetime(2027, 3, 2, 23, tzinfo=UTC)),
)
for decision in decided.decisions:
    print(moment(decision.scheduled_at, ZoneInfo("UTC")).isoformat())
"""


@pytest.mark.parametrize(
    ("data", "decided"),
    [
        ("GMT-1", ["2027-03-02T11"]),
        ("GMT-2", ["2027-03-02T10"]),  # noon came sooner: the one of the first day has been
        ("GMT", ["2027-03-01T12", "2027-03-02T12"]),  # noon comes again: it is a correction
    ],
)
def test_after_new_zone_data_no_instant_comes_twice_and_none_is_left_out(
    tmp_path: Path, data: str, decided: list[str]
) -> None:
    place = tmp_path / "Test" / "Place"
    place.parent.mkdir()
    place.write_bytes((resources.files("tzdata") / "zoneinfo" / "Etc" / data).read_bytes())

    done = subprocess.run(
        [sys.executable, "-c", DECIDE],
        env=os.environ | {"PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert [line[:13] for line in done.stdout.split()] == decided
