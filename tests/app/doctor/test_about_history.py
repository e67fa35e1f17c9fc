"""doctor on the history: real files, also broken ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from fakes import make_job
from flowcron.app.doctor.about_history import database, judge
from flowcron.app.doctor.finding import Level
from flowcron.history import record
from flowcron.history.restore import DAMAGED
from flowcron.history.vitals import Vitals, vitals_of
from looks import Looks, levels
from rows import ago

WELL = Vitals(None, "wal", 41_000_000, 0, 0, 12_480)


def broken_inside(looks: Looks) -> None:
    """Write a history of several hundred runs, and destroy one of its inner pages."""
    story = looks.story()
    story.configured(make_job("backup"))
    for minute in range(300, 0, -1):
        story.claimed("backup", ago(minutes=minute), reason="x" * 200, state="skipped")
    story.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    root = story.db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()[0]
    page = story.db.execute("PRAGMA page_size").fetchone()[0]
    story.db.close()
    with looks.history.open("r+b") as file:
        file.seek((root - 1) * page)
        file.write(b"\x0d" + b"\xff" * 200)


def test_a_whole_history_says_how_large_it_is(looks: Looks) -> None:
    story = looks.story()
    story.configured(make_job("backup"))
    story.run("backup", ago(hours=1))

    (finding,) = looks.findings(database)

    assert finding.level is Level.OK
    assert finding.text.startswith("database: integrity ok, WAL, ")
    assert finding.text.endswith("1 run")


def test_before_the_first_run_there_is_nothing_to_complain_about(looks: Looks) -> None:
    assert levels(looks.findings(database)) == [Level.OK]


def test_a_broken_page_is_a_problem(looks: Looks) -> None:
    broken_inside(looks)

    findings = looks.findings(database)

    assert levels(findings) == [Level.PROBLEM]
    assert "damaged" in findings[0].text
    assert findings[0].where == str(looks.history)


def test_a_file_of_another_kind_is_a_problem(looks: Looks) -> None:
    looks.history.parent.mkdir()
    looks.history.write_text("my diary, and much more than a hundred bytes of it: " * 20)

    (finding,) = looks.findings(database)

    assert finding.level is Level.PROBLEM
    assert finding.fix


def test_what_happened_to_the_history_lately_is_a_warning(looks: Looks) -> None:
    record.event(looks.story().db, DAMAGED, "restored from a backup", at=ago(days=2))

    findings = looks.findings(database)

    assert levels(findings) == [Level.WARNING, Level.OK]
    assert "restored from a backup" in findings[0].text


def test_a_large_wal_and_another_journal_are_told(looks: Looks) -> None:
    case = looks.case()

    assert judge(WELL, case).level is Level.OK
    assert judge(WELL._replace(wal=500_000_000), case).level is Level.WARNING
    assert judge(WELL._replace(journal="delete"), case).level is Level.PROBLEM


def test_the_vitals_of_a_file_are_those_of_the_file(looks: Looks) -> None:
    looks.story().db.close()

    with closing(sqlite3.connect(looks.history)) as connection:
        vitals = vitals_of(connection, looks.history)

    assert (vitals.damage, vitals.journal, vitals.runs) == (None, "wal", 0)
    assert vitals.size == looks.history.stat().st_size
