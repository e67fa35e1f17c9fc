"""A damaged history: kept as it is, replaced by its newest good backup, never by silence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from damage import DAMAGES, deleted, inner_page
from fakes import NOON, after
from flowcron.errors import DamagedHistoryError, HistoryError
from flowcron.history import record
from flowcron.history.copies import copy_history
from flowcron.history.database import open_history, read_history, transaction
from flowcron.history.integrity import damage_of
from flowcron.history.origin import first_identity, identity_of_run, unknown_since
from flowcron.history.restore import DAMAGED, restore
from flowcron.history.traces import backup_folder, backup_name

Damage = Callable[[Path], None]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Return a history with an event before each of two backups, and one after them."""
    path = tmp_path / "state" / "history.db"
    with closing(open_history(path)) as connection:
        backup_folder(path).mkdir()
        for number in range(2):
            note(connection, f"before backup {number}")
            name = backup_name(path, f"2027030{number + 1}T120000Z")
            copy_history(path, backup_folder(path) / name, at=after(number))
        note(connection, "after the backups")
    return path


def note(connection: sqlite3.Connection, text: str) -> None:
    with transaction(connection):
        record.event(connection, "note", text, at=NOON)


def notes(path: Path) -> list[str]:
    with closing(open_history(path)) as connection:
        rows = connection.execute("SELECT text FROM events WHERE kind = 'note' ORDER BY id")
        return [text for (text,) in rows]


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_happened_to_it_the_newest_backup_takes_its_place(
    history: Path, damage: Damage
) -> None:
    damage(history)
    before = history.read_bytes() if history.exists() else None

    said = restore(history, "it was hit by a meteorite", at=NOON)

    assert damage_of(history) is None
    assert notes(history) == ["before backup 0", "before backup 1"]
    assert "restored from backups/history-20270302T120000Z.db" in said
    if before is not None:
        assert (history.parent / "history.db.corrupt-20270301T120000Z").read_bytes() == before
    with closing(open_history(history)) as connection:
        rows = connection.execute("SELECT text FROM events WHERE kind = ?", (DAMAGED,)).fetchall()
        assert rows == [(said,)]
        assert unknown_since(connection) == after(1)


def test_what_sqlite_keeps_beside_it_is_kept_with_it(history: Path) -> None:
    wal = history.with_name("history.db-wal")
    wal.write_bytes(b"the last second")

    restore(history, "why", at=NOON)

    kept = history.parent / "history.db.corrupt-20270301T120000Z-wal"
    assert kept.read_bytes() == b"the last second"
    assert not wal.exists() or wal.read_bytes() != b"the last second"


def test_a_backup_that_is_broken_too_is_passed_over(history: Path) -> None:
    inner_page(backup_folder(history) / "history-20270302T120000Z.db")
    history.write_bytes(b"gone")

    restore(history, "why", at=NOON)

    assert notes(history) == ["before backup 0"]


def test_without_a_backup_an_empty_one_is_begun_that_knows_of_the_loss(history: Path) -> None:
    for backup in backup_folder(history).iterdir():
        backup.write_bytes(b"")
    history.write_bytes(b"gone")

    said = restore(history, "why", at=NOON)

    assert notes(history) == []
    assert "there is no good backup of it" in said
    with closing(open_history(history)) as connection:
        assert unknown_since(connection) == 0


def test_what_a_crash_in_the_middle_of_it_left_does_not_matter(history: Path) -> None:
    deleted(history)
    for end in ("", "-wal", "-journal"):
        (history.parent / f".history.db.new{end}").write_bytes(b"half of it")

    restore(history, "why", at=NOON)

    assert damage_of(history) is None
    assert notes(history) == ["before backup 0", "before backup 1"]
    assert not list(history.parent.glob(".history.db.new*"))


def test_two_in_a_second_are_both_kept(history: Path) -> None:
    for content in (b"first", b"second"):
        history.write_bytes(content)
        restore(history, "why", at=NOON)

    kept = sorted(history.parent.glob("history.db.corrupt-*"))
    assert [each.read_bytes() for each in kept] == [b"first", b"second"]


def test_a_restored_history_is_another_one_whose_old_logs_are_still_found(history: Path) -> None:
    with closing(open_history(history)) as connection:
        old = first_identity(connection)
    history.write_bytes(b"gone")

    restore(history, "why", at=NOON)

    with closing(open_history(history)) as connection:
        with transaction(connection):
            connection.execute("INSERT INTO jobs (id, name) VALUES (1, 'a')")
        ids = [row[0] for row in connection.execute("SELECT id FROM identity ORDER BY rowid")]
        assert ids[0] == old == first_identity(connection)
        assert len(set(ids)) == 2
        assert identity_of_run(connection, 1) == ids[1]
        connection.execute("UPDATE identity SET first_run = 10 WHERE rowid = 2")
        assert identity_of_run(connection, 9) == old
        assert identity_of_run(connection, 10) == ids[1]


@pytest.mark.parametrize("opens", [open_history, read_history])
@pytest.mark.parametrize("trace", ["backups/history-20270302T120000Z.db", "logs", "supervisor.log"])
def test_a_history_that_is_gone_is_not_begun_anew_in_silence(
    tmp_path: Path, opens: Callable[[Path], object], trace: str
) -> None:
    (tmp_path / trace).parent.mkdir(exist_ok=True)
    (tmp_path / trace).touch()

    with pytest.raises(DamagedHistoryError, match="is gone or empty"):
        opens(tmp_path / "history.db")

    assert not (tmp_path / "history.db").exists()


def test_traces_of_another_history_in_the_folder_are_no_loss(tmp_path: Path) -> None:
    open_history(tmp_path / "history.db").close()
    (tmp_path / "supervisor.log").touch()

    open_history(tmp_path / "second.db").close()

    assert damage_of(tmp_path / "second.db") is None


def test_a_text_file_named_by_mistake_is_no_damaged_history(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database" * 100)

    with pytest.raises(HistoryError, match="is not a flowcron history") as refused:
        open_history(path)

    assert not isinstance(refused.value, DamagedHistoryError)
