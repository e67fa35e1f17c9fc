"""When the scheduler backs its history up, and how many backups it keeps."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from fakes import NOON, after
from flowcron.app.backups import KEPT, back_up, is_due
from flowcron.domain.instant import SECOND, Instant
from flowcron.history.database import open_history
from flowcron.history.integrity import damage_of
from flowcron.history.traces import backups_of

DAY = 24 * 3600


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "history.db"
    open_history(path).close()
    touched(path, NOON)
    return path


def touched(path: Path, at: Instant) -> None:
    os.utime(path, (at / SECOND, at / SECOND))


def backed_up(history: Path, at: Instant) -> None:
    back_up(history, at, lambda: True)
    touched(backups_of(history)[0], at)


def test_a_history_without_a_backup_is_due(history: Path) -> None:
    assert is_due(history, NOON)


def test_the_next_one_is_due_a_day_later_if_anything_has_changed(history: Path) -> None:
    backed_up(history, after(1))

    assert not is_due(history, after(DAY * 0.9))
    assert not is_due(history, after(DAY * 3))

    touched(history, after(DAY * 2))
    assert is_due(history, after(DAY * 3))


def test_what_is_still_in_the_log_of_sqlite_has_changed_too(history: Path) -> None:
    backed_up(history, after(1))

    with closing(open_history(history)) as connection:
        connection.execute("INSERT INTO events (at, kind, text) VALUES (1, 'note', 'x')")
        touched(history, NOON)
        touched(history.with_name("history.db-wal"), after(DAY))
        assert is_due(history, after(2 * DAY))


def test_one_of_the_future_does_not_keep_others_away(history: Path) -> None:
    backed_up(history, after(400 * DAY))
    touched(history, after(500 * DAY))

    assert is_due(history, NOON)


def test_the_newest_seven_are_kept_and_all_are_whole(history: Path) -> None:
    for day in range(KEPT + 3):
        backed_up(history, after(day * DAY))

    kept = backups_of(history)

    assert [each.name for each in kept[:2]] == [
        "history-20270310T120000Z.db",
        "history-20270309T120000Z.db",
    ]
    assert len(kept) == KEPT
    assert [damage_of(each) for each in kept] == [None] * KEPT
    assert sorted(history.parent.joinpath("backups").iterdir(), reverse=True) == kept
