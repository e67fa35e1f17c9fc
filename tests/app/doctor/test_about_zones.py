"""doctor on time zone data."""

from __future__ import annotations

import shutil
import zoneinfo
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flowcron.app.doctor.about_zones import (
    first_difference,
    package_release,
    system_release,
    zones,
)
from flowcron.app.doctor.finding import Level
from looks import Looks, levels
from rows import SUNDAY

TZDATA = import_module("tzdata")
PACKAGE = Path(str(TZDATA.__file__)).parent / "zoneinfo"
BERLIN = """
[defaults]
timeout = "1h"
timezone = "Europe/Berlin"
[jobs.backup]
cron = "0 3 * * *"
command = "true"
"""


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Path]:
    """Return the folder that this process takes for the system's zone data."""
    folder = tmp_path / "zoneinfo"
    (folder / "Europe").mkdir(parents=True)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(folder)])
    yield folder
    zoneinfo.reset_tzpath(before)
    ZoneInfo.clear_cache()


def copied(zone: str, folder: Path, *, as_: str) -> None:
    shutil.copy(PACKAGE / zone, folder / as_)


def test_the_release_of_the_package_is_what_it_says_itself() -> None:
    assert package_release() == TZDATA.IANA_VERSION


def test_data_that_agree_are_well(looks: Looks, system: Path) -> None:
    looks.configure(BERLIN)
    copied("Europe/Berlin", system, as_="Europe/Berlin")
    (system / "tzdata.zi").write_text("# version 2026a\n")

    (finding,) = looks.findings(zones)

    assert finding.level is Level.OK
    assert finding.text == f"time zone data 2026a (system), {package_release()} (package)"


def test_a_zone_about_which_system_and_package_differ_is_a_warning(
    looks: Looks, system: Path
) -> None:
    looks.configure(BERLIN)
    copied("Europe/Moscow", system, as_="Europe/Berlin")

    (finding,) = looks.findings(zones)

    assert (finding.level, finding.where) == (Level.WARNING, "Europe/Berlin")
    assert "from 2026-11-22 on" in finding.text


def test_zones_that_no_job_is_in_may_differ(looks: Looks, system: Path) -> None:
    looks.configure(BERLIN)
    copied("Europe/Berlin", system, as_="Europe/Berlin")
    copied("Europe/Moscow", system, as_="Europe/Paris")

    assert levels(looks.findings(zones)) == [Level.OK]


def test_a_difference_is_the_first_day_with_another_offset() -> None:
    assert first_difference(ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Lagos"), SUNDAY) == date(
        2027, 3, 28
    )
    assert first_difference(ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Paris"), SUNDAY) is None


def test_data_of_years_ago_are_a_warning(looks: Looks, system: Path) -> None:
    looks.configure(BERLIN)
    (system / "tzdata.zi").write_text("# version 2023c\n")

    assert system_release() == "2023c"
    assert levels(looks.findings(zones)) == [Level.WARNING]


def test_a_machine_zone_that_does_not_exist_is_a_warning(looks: Looks) -> None:
    looks.configure(BERLIN)

    wrong = [each for each in looks.findings(zones, environ={"TZ": "Europe/Berlln"}) if each.fix]

    assert [each.fix for each in wrong] == ['did you mean "Europe/Berlin"?']
