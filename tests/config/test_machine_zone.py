from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flowcron.config.machine import machine_zone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/America/New_York", "America/New_York"),
        (":/usr/share/zoneinfo/UTC", "UTC"),
    ],
)
def test_the_environment_says_the_zone_first(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: str
) -> None:
    monkeypatch.setenv("TZ", text)

    assert machine_zone() == expected


@pytest.mark.parametrize("text", ["", "CET-1CEST", "nonsense", "/etc/passwd", "../etc"])
def test_what_the_environment_says_is_not_believed_when_there_is_no_such_zone(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    machine = machine_zone()
    monkeypatch.setenv("TZ", text)

    assert machine_zone() == machine
    assert ZoneInfo(machine).key == machine


def test_the_link_of_the_system_names_the_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Pacific/Chatham")
    monkeypatch.delenv("TZ", raising=False)

    assert machine_zone(link=link, file=tmp_path / "none") == "Pacific/Chatham"


def test_without_a_link_the_systems_text_file_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "timezone"
    file.write_text("Africa/Cairo\n")
    monkeypatch.delenv("TZ", raising=False)

    assert machine_zone(link=tmp_path / "none", file=file) == "Africa/Cairo"
    assert machine_zone(link=tmp_path / "none", file=tmp_path / "none") == "UTC"
