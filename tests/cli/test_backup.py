"""Copying the history for people and programs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from damage import inner_page
from flowcron.history.integrity import damage_of
from terminal import Cli


def test_it_says_how_much_how_long_and_that_it_is_whole(evening_cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"

    said = evening_cli.on_terminal("backup", str(target))

    assert said.code == 0, said.err
    assert said.out.startswith("✓ ")
    assert "s · integrity ok · no scheduler runs (SQLite backup API)" in said.out
    assert damage_of(target) is None
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) > 50 FROM runs").fetchone() == (1,)


def test_a_program_gets_json(evening_cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"

    said = evening_cli.piped("backup", str(target), "--json")

    told = json.loads(said.out)
    assert told.pop("took") < 30
    assert told == {
        "schema": "flowcron.backup/1",
        "file": str(target),
        "size": target.stat().st_size,
        "integrity": "ok",
        "pid": None,
    }


def test_a_file_that_is_there_is_replaced_only_by_force(evening_cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("something else")

    refused = evening_cli.piped("backup", str(target))
    assert refused.code == 6
    assert "--force" in refused.err
    assert target.read_text() == "something else"

    assert evening_cli.piped("backup", str(target), "--force").code == 0
    assert damage_of(target) is None


@pytest.mark.parametrize(
    ("place", "code", "sentence"),
    [
        ("missing/copy.db", 1, "cannot be written: No such file or directory"),
        (".", 6, "is a folder"),
        (".flowcron/history.db", 6, "is the history itself"),
    ],
)
def test_a_place_that_does_not_do_is_refused(
    evening_cli: Cli, place: str, code: int, sentence: str
) -> None:
    said = evening_cli.piped("backup", place, "--force")

    assert said.code == code
    assert sentence in said.err


def test_there_must_be_a_history(cli: Cli) -> None:
    said = cli.piped("backup", "copy.db")

    assert said.code == 4
    assert "there is no history" in said.err
    assert not cli.history.exists()


def test_a_damaged_history_gives_no_backup(cli: Cli) -> None:
    cli.story().db.close()
    inner_page(cli.history)

    said = cli.piped("backup", "copy.db")

    assert said.code == 1
    assert "is damaged" in said.err
    assert not (cli.folder / "copy.db").exists()
