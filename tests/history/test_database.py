"""Opening the history file, and refusing what is none."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flowcron.errors import HistoryError
from flowcron.history.database import MIGRATIONS, open_history, read_history

NEWEST = len(list(MIGRATIONS.glob("*.sql")))


def test_a_new_history_is_for_its_owner_alone_and_unknown_to_git(tmp_path: Path) -> None:
    path = tmp_path / ".flowcron" / "history.db"

    open_history(path).close()

    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_commits_are_durable_and_readers_do_not_wait(tmp_path: Path) -> None:
    with closing(open_history(tmp_path / "history.db")) as history:
        pragmas = [
            history.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
        ]

    assert pragmas == ["wal", 2, 1, NEWEST]


def test_all_tables_are_strict(tmp_path: Path) -> None:
    with closing(open_history(tmp_path / "history.db")) as history:
        tables = history.execute(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' "
            "AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()

    assert tables
    assert all(strict for _, strict in tables)


def test_a_history_that_does_not_exist_is_read_as_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "none" / "history.db"

    with closing(read_history(path)) as history:
        assert history.execute("SELECT * FROM flowcron_runs").fetchall() == []

    assert not path.parent.exists()


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 200]
)
@pytest.mark.parametrize("opens", [open_history, read_history])
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, opens: object
) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(content)

    with pytest.raises(HistoryError) as refused:
        opens(path)  # type: ignore[operator]

    assert str(path) in refused.value.message
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (a)")
        other.commit()
    before = path.read_bytes()

    with pytest.raises(HistoryError, match="another program"):
        open_history(path)

    assert path.read_bytes() == before


def test_a_history_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(open_history(path)) as history:
        history.execute(f"PRAGMA user_version = {NEWEST + 1}")

    for opens in (open_history, read_history):
        with pytest.raises(HistoryError, match="newer flowcron"):
            opens(path)

    with closing(sqlite3.connect(path)) as history:
        assert history.execute("PRAGMA user_version").fetchone() == (NEWEST + 1,)


def test_a_history_of_an_older_version_is_backed_up_and_migrated(tmp_path: Path) -> None:
    """Take version 1 back to a version before it: there is no older released schema yet."""
    path = tmp_path / "history.db"
    with closing(open_history(path)) as history:
        history.execute("INSERT INTO events (at, kind, text) VALUES (1, 'old', 'kept')")
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    for number in range(1, NEWEST + 1):
        (scripts / f"{number:04}.sql").write_text((MIGRATIONS / f"{number:04}.sql").read_text())
    (scripts / f"{NEWEST + 1:04}.sql").write_text("CREATE TABLE added (a INTEGER) STRICT;\n")

    with closing(open_history(path, migrations=scripts)) as history:
        assert history.execute("SELECT kind, text FROM events").fetchall() == [("old", "kept")]
        assert history.execute("SELECT * FROM added").fetchall() == []

    with closing(sqlite3.connect(path.with_name(f"history.db.v{NEWEST}.bak"))) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (NEWEST,)
        assert backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert backup.execute("SELECT kind, text FROM events").fetchall() == [("old", "kept")]


def test_a_migration_that_fails_leaves_the_history_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    open_history(path).close()
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    (scripts / "0001.sql").write_text((MIGRATIONS / "0001.sql").read_text())
    (scripts / "0002.sql").write_text("CREATE TABLE added (a INTEGER);\nCREATE TABLE runs (a);\n")

    with pytest.raises(HistoryError):
        open_history(path, migrations=scripts)

    with closing(open_history(path)) as history:
        names = {name for (name,) in history.execute("SELECT name FROM sqlite_master")}
    assert "added" not in names


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)

    with pytest.raises(HistoryError, match="Permission denied"):
        open_history(tmp_path / "locked" / "state" / "history.db")


def test_a_history_that_others_lock_away_is_not_taken_for_none(tmp_path: Path) -> None:
    private = tmp_path / "private"
    path = private / "history.db"
    private.mkdir()
    open_history(path).close()
    private.chmod(0)

    said = _as_nobody(f"read_history(Path({str(path)!r}))")

    private.chmod(0o700)
    assert said == f"HistoryError: the history file {path} cannot be used: Permission denied\n"


def _as_nobody(expression: str) -> str:
    """Return the error of an expression, for a user who has no rights here."""
    program = f"""
import os, sys
from pathlib import Path
from flowcron.errors import HistoryError
from flowcron.history.database import read_history
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    {expression}
except HistoryError as error:
    print("HistoryError:", error.message)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert not done.stderr
    return done.stdout


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(HistoryError, match=r"file.state"):
        open_history(tmp_path / "file" / "state" / "history.db")
