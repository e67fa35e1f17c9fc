"""Copying a history while others write, and never half of it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from damage import inner_page
from fakes import NOON, after
from flowcron.errors import DamagedHistoryError
from flowcron.history import record
from flowcron.history.copies import copy_history
from flowcron.history.database import Connection, open_history, transaction
from flowcron.history.integrity import damage_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.db"


@pytest.fixture
def history(path: Path) -> Iterator[Connection]:
    connection = open_history(path)
    with transaction(connection):
        for number in range(2000):
            record.event(connection, "note", f"event {number} " + "x" * 500, at=after(number))
    yield connection
    connection.close()


def events_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as copy:
        return int(copy.execute("SELECT count(*) FROM events").fetchone()[0])


def test_a_copy_has_everything_in_one_file_for_its_owner_alone(
    history: Connection, path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()

    size = copy_history(path, target, at=NOON)

    assert [each.name for each in target.parent.iterdir()] == ["copy.db"]
    assert target.stat().st_size == size > 1_000_000
    assert target.stat().st_mode & 0o777 == 0o600
    assert damage_of(target) is None
    assert events_in(target) == 2000
    assert history.execute("SELECT copied_at FROM identity").fetchall() == [(None,)]
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT copied_at FROM identity").fetchall() == [(NOON,)]


def test_writers_go_on_while_a_copy_is_made_and_the_copy_is_of_one_moment(
    history: Connection, path: Path, tmp_path: Path
) -> None:
    """Write as fast as possible: a copy that begins anew with each commit would never end."""
    done = threading.Event()

    def copy() -> None:
        copy_history(path, tmp_path / "copy.db", at=NOON)
        done.set()

    copying = threading.Thread(target=copy)
    written = 0
    copying.start()
    while not done.is_set():
        with transaction(history):
            record.event(history, "note", "one of a pair", at=NOON)
            record.event(history, "note", "the other", at=NOON)
        written += 1
    copying.join()

    assert written > 5
    assert events_in(tmp_path / "copy.db") % 2 == 0
    assert damage_of(tmp_path / "copy.db") is None


def test_a_broken_history_is_no_backup_and_replaces_none(path: Path, tmp_path: Path) -> None:
    connection = open_history(path)
    connection.close()
    target = tmp_path / "copy.db"
    target.write_bytes(b"the last good one")
    inner_page(path)

    with pytest.raises(DamagedHistoryError, match="is damaged"):
        copy_history(path, target, at=NOON)

    assert target.read_bytes() == b"the last good one"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["copy.db"]


def test_a_copy_that_nobody_wants_any_more_leaves_nothing(
    history: Connection, path: Path, tmp_path: Path
) -> None:
    assert history.in_transaction is False

    with pytest.raises(InterruptedError):
        copy_history(path, tmp_path / "copy.db", at=NOON, is_wanted=lambda: False)

    assert not [each for each in tmp_path.iterdir() if each.is_file()]


def test_a_link_that_lies_in_the_way_of_a_copy_is_not_followed(
    history: Connection, path: Path, tmp_path: Path
) -> None:
    assert history.in_transaction is False
    precious = tmp_path / "precious"
    precious.write_bytes(b"keep me")
    (tmp_path / ".copy.db.new").symlink_to(precious)

    with pytest.raises(OSError, match="symbolic link"):
        copy_history(path, tmp_path / "copy.db", at=NOON)

    assert precious.read_bytes() == b"keep me"
