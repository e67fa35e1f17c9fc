"""Finding the unit of a history."""

from __future__ import annotations

from pathlib import Path

from flowcron.system.own_units import OwnUnit, unit_for

UNIT = "[Service]\nExecStart=flowcron start\n\n[X-Flowcron]\nHistory={}\n"


def test_the_unit_that_names_the_history_is_found_whatever_it_is_called(tmp_path: Path) -> None:
    system, history = tmp_path / "system", tmp_path / "history.db"
    system.mkdir()
    (system / "other.service").write_text(UNIT.format("/elsewhere/history.db"))
    (system / "etl.service").write_text(UNIT.format(history))

    found = unit_for(history, environ={}, system=system)

    assert found == OwnUnit("etl.service", user=False)


def test_a_unit_of_the_user_is_found_in_the_users_folder(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".config" / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / "flowcron.service").write_text(UNIT.format("/srv/history.db"))
    (folder / "masked.service").symlink_to("/dev/null")
    environ = {"HOME": str(tmp_path / "home")}

    found = unit_for(Path("/srv/history.db"), environ=environ, system=tmp_path / "none")

    assert found == OwnUnit("flowcron.service", user=True)
    assert unit_for(Path("/srv/other.db"), environ=environ, system=tmp_path / "none") is None
