"""What people read of alerts comes through indexes, however much was ever told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowcron.domain.instant import Instant
from flowcron.history import alerts
from flowcron.history.database import Connection, open_history, transaction
from flowcron.history.deliveries import retry
from flowcron.history.mutes import mute, mutes_now, unmute

MANY = 20_000
READS: dict[str, Callable[[Connection], object]] = {
    "sent today": lambda db: alerts.sent_since(db, Instant(MANY - 10)),
    "what is stuck": alerts.stuck,
    "what waits": lambda db: alerts.outbox(db, state="waiting", limit=20),
    "what is dead": lambda db: alerts.outbox(db, state="dead", limit=20),
    "the newest": lambda db: alerts.outbox(db, state=None, limit=20),
    "alerts of a run": lambda db: alerts.alerts_of_run(db, MANY - 5),
    "open incidents": alerts.open_incidents,
    "the streak of a run": lambda db: alerts.streak_of_run(db, MANY),
}


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Connection]:
    connection = open_history(tmp_path / "history.db")
    yield connection
    connection.close()


@pytest.fixture
def much_told(history: Connection) -> Connection:
    """Return a history in which nearly everything was sent long ago."""
    with transaction(history):
        history.execute("INSERT INTO jobs (name) VALUES ('backup')")
        history.executemany(
            """
            INSERT INTO outbox (channel, target, via, event, job_id, run_id, incident_id, text,
                created_at, due_at, state, sent_at)
            VALUES ('ops', 'to', 'slack', 'failure', 1, ?, ?, 'exit 1', ?, 0, 'sent', ?)
            """,
            [(number, number // 3, number, number) for number in range(MANY)],
        )
        history.executemany(
            """
            INSERT INTO incidents (job_id, opened_at, closed_at, failures, first_run, last_run)
            VALUES (1, ?, ?, 1, ?, ?)
            """,
            [(number, number + 1, number, number) for number in range(MANY // 3)],
        )
    return history


@pytest.mark.parametrize("what", READS)
def test_no_read_looks_at_all_that_was_ever_told(much_told: Connection, what: str) -> None:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    much_told.set_progress_handler(count, 100)
    READS[what](much_told)
    much_told.set_progress_handler(None, 0)

    assert steps < MANY / 100  # each row takes several of the hundred steps


def test_a_retry_takes_what_was_not_sent_and_nothing_else(much_told: Connection) -> None:
    with transaction(much_told):
        much_told.execute("UPDATE outbox SET state = 'dead', due_at = 99 WHERE id <= 2")
        count = retry(much_told, None, at=Instant(7))

    rows = much_told.execute("SELECT due_at FROM outbox WHERE state = 'waiting'").fetchall()
    assert (count, rows) == (2, [(7,), (7,)])


def test_a_mute_that_is_over_neither_holds_nor_ends(history: Connection) -> None:
    with transaction(history):
        mute(history, ["a", "tag:b"], until=Instant(10), by="me", at=Instant(1))
        mute(history, ["a"], until=None, by="you", at=Instant(2))

    assert [(each.target, each.by) for each in mutes_now(history, now=Instant(11))] == [
        ("a", "you")
    ]
    with transaction(history):
        assert unmute(history, ["a", "tag:b", "c"], at=Instant(11)) == ["a"]
        mute(history, ["d"], until=None, by="me", at=Instant(12))
    assert [each.target for each in mutes_now(history, now=Instant(0))] == ["d"]
