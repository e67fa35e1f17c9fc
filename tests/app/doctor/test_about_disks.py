"""doctor on the room that disks have."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcron.app.doctor.about_disks import disk, judge
from flowcron.app.doctor.finding import Level
from flowcron.system.space import Space, space_of
from looks import WELL, Looks

GB = 10**9
ROOMY = Space(1, 500 * GB, 1000 * GB, 10**6, 10**7)
BACKUP = Path("/backup")


@pytest.mark.parametrize(
    ("space", "level"),
    [
        (ROOMY, Level.OK),
        (ROOMY._replace(free=11 * GB), Level.OK),
        (ROOMY._replace(free=3 * GB, size=100 * GB), Level.WARNING),
        (ROOMY._replace(free=GB // 2, size=100 * GB), Level.PROBLEM),
        (ROOMY._replace(free=40_000_000, size=100_000_000), Level.PROBLEM),
        (ROOMY._replace(free_inodes=50_000), Level.PROBLEM),
        (ROOMY._replace(free_inodes=0, inodes=0), Level.OK),
    ],
)
def test_a_disk_with_little_room_is_a_warning_and_a_full_one_a_problem(
    space: Space, level: Level
) -> None:
    assert judge(space, BACKUP).level is level


def test_a_tight_disk_says_how_tight() -> None:
    finding = judge(ROOMY._replace(free=3 * GB, size=100 * GB), BACKUP)

    assert finding.text == "/backup has 3.0 GB free (3%)"


def test_the_disk_of_the_history_is_looked_at_once(looks: Looks) -> None:
    looks.configure(WELL + 'expect = { file = "dumps/*.sql" }\n')

    (finding,) = looks.findings(disk)

    assert finding.where == str(looks.history.parent)


def test_the_room_of_what_does_not_exist_yet_is_that_of_its_folder(tmp_path: Path) -> None:
    assert space_of(tmp_path / "a" / "b").device == tmp_path.stat().st_dev
    assert space_of(tmp_path / "a").size == space_of(tmp_path).size
