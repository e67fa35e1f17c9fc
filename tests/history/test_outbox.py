"""The outbox as its sender sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import NOON, after
from flowcron.domain.alerting import Event
from flowcron.domain.delivery import Failed
from flowcron.history import deliveries, outbox
from flowcron.history.database import Connection, open_history
from flowcron.history.incidents import NewAlert, put
from flowcron.history.outbox import Lane
from flowcron.history.told import alerts_numbered

EMAIL, HOOK = Lane("ops", "email"), Lane("ops", "to")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    connection = open_history(tmp_path / "history.db")
    yield connection
    connection.close()


def waiting(db: Connection, *, due: float = 0, channel: str = "ops", run: int | None = None) -> int:
    return put(db, NewAlert(channel, Event.FAILURE, "exit 1", after(due), run_id=run), at=NOON)


def lanes(db: Connection, *, seconds: float = 0) -> dict[Lane, list[int]]:
    found = outbox.due_lanes(db, now=after(seconds))
    return {lane: [row.id for row in rows] for lane, rows in found.items()}


def test_each_target_of_a_channel_gets_a_row_of_its_own(db: Connection) -> None:
    waiting(db)
    waiting(db, due=20)

    assert outbox.unaddressed(db) == [("ops", False)]
    outbox.address(db, "ops", ["email", "to"])

    assert lanes(db) == {EMAIL: [1, 2], HOOK: [3, 4]}
    assert outbox.unaddressed(db) == []


def test_a_lane_is_due_with_the_first_of_its_rows(db: Connection) -> None:
    waiting(db, due=10)
    waiting(db, due=30)

    assert outbox.next_due(db) == after(10)
    assert outbox.next_due(db, after=after(10)) == after(30)
    assert lanes(db, seconds=9) == {}
    assert lanes(db, seconds=10) == {Lane("ops", None): [1, 2]}


def test_only_one_of_two_gets_the_lease(db: Connection) -> None:
    row = waiting(db)

    first = outbox.lease(db, [row], now=NOON, until=after(30))
    second = outbox.lease(db, [row], now=after(1), until=after(31))

    assert (first, second) == ([row], [])
    assert lanes(db, seconds=1) == {}


def test_from_a_lane_that_somebody_sends_from_nobody_else_does(db: Connection) -> None:
    first = waiting(db)
    outbox.address(db, "ops", ["email"])
    outbox.lease(db, [first], now=NOON, until=after(30))
    waiting(db)
    outbox.address(db, "ops", ["email"])

    assert lanes(db, seconds=1) == {}


def test_a_lease_runs_out_when_who_has_it_dies(db: Connection) -> None:
    row = waiting(db)
    outbox.lease(db, [row], now=NOON, until=after(30))

    assert outbox.next_due(db) == after(30)
    assert outbox.lease(db, [row], now=after(30), until=after(60)) == [row]


def test_what_is_sent_is_sent_once_whoever_says_it(db: Connection) -> None:
    row = waiting(db)
    outbox.sent(db, [row], at=after(1), via="email", note="b@example.com was refused")
    outbox.sent(db, [row], at=after(2), via="slack")

    (found,) = db.execute(
        "SELECT state, sent_at, via, message, tries, error FROM outbox"
    ).fetchall()
    assert found == ("sent", after(1), "email", row, 1, "b@example.com was refused")
    assert outbox.next_due(db) is None


def test_what_has_failed_waits_or_is_dead(db: Connection) -> None:
    first, second = waiting(db), waiting(db)
    outbox.failed(db, first, Failed(after(60), falls_back=False), at=NOON, error="refused")
    outbox.failed(db, first, Failed(after(90), falls_back=False), at=after(60), error="timed out")
    outbox.failed(db, second, Failed(None, falls_back=False), at=NOON, error="refused")

    rows = db.execute("SELECT state, due_at, tries, failing_since, error FROM outbox").fetchall()
    assert rows == [
        ("waiting", after(90), 2, NOON, "timed out"),
        ("dead", NOON, 1, NOON, "refused"),
    ]


def test_the_fallback_is_told_once_and_knows_for_whom(db: Connection) -> None:
    row = waiting(db)
    outbox.fall_back(db, row, "oncall", at=after(900))
    outbox.fall_back(db, row, "oncall", at=after(901))

    ((number, due),) = db.execute("SELECT id, due_at FROM outbox WHERE channel = 'oncall'")
    assert due == after(900)
    assert alerts_numbered(db, [number])[0].details == {"fallback_for": "ops"}


def test_what_has_failed_hurries_when_its_lane_delivers_again(db: Connection) -> None:
    row = waiting(db)
    outbox.address(db, "ops", ["email"])
    outbox.failed(db, row, Failed(after(3600), falls_back=False), at=NOON, error="refused")
    assert outbox.retried_at(db, EMAIL) == after(3600)

    outbox.hurry(db, EMAIL, at=after(60))

    assert outbox.next_due(db) == after(60)


def test_the_messages_of_a_lane_are_counted_not_their_rows(db: Connection) -> None:
    rows = [waiting(db) for _ in range(5)]
    outbox.address(db, "ops", ["email"])
    outbox.sent(db, rows[:3], at=after(1), via="email")
    outbox.sent(db, rows[3:], at=after(2), via="email")

    assert outbox.sent_since(db, EMAIL, since=NOON) == [after(1), after(2)]
    assert outbox.sent_since(db, EMAIL, since=after(1)) == [after(2)]


def test_what_is_told_of_a_run_need_not_be_gathered(db: Connection) -> None:
    waiting(db, due=30, run=7)
    waiting(db, due=30, run=8)
    outbox.address(db, "ops", ["email"])

    outbox.release_of_runs(db, [7], at=NOON)

    assert lanes(db) == {EMAIL: [1, 2]}
    assert outbox.lanes_of_runs(db, [7]) == {EMAIL}
    assert outbox.lanes_of_runs(db, [9]) == set()


def test_each_lane_says_how_it_is_doing(db: Connection) -> None:
    for _ in range(3):
        waiting(db)
    outbox.address(db, "ops", ["email", "to"])
    outbox.sent(db, [1], at=after(5), via="email")
    outbox.failed(db, 2, Failed(after(60), falls_back=False), at=NOON, error="refused")
    outbox.failed(db, 4, Failed(None, falls_back=False), at=NOON, error="gone", via="slack")

    email, hook = deliveries.lane_states(db)

    assert (email.last_sent, email.waiting, email.tries, email.dead) == (after(5), 2, 1, 0)
    assert (hook.via, hook.last_sent, hook.waiting, hook.dead) == ("slack", None, 2, 1)


def test_by_hand_everything_is_tried_again_at_once_but_what_was_sent(db: Connection) -> None:
    for _ in range(3):
        waiting(db, due=500)
    outbox.sent(db, [1], at=NOON, via="email")
    outbox.failed(db, 2, Failed(None, falls_back=False), at=NOON, error="gone")

    assert deliveries.retry(db, [1, 2], at=after(90_000)) == 1
    assert deliveries.retry(db, None, at=after(90_000)) == 2

    rows = db.execute("SELECT state, created_at, due_at FROM outbox WHERE id > 1").fetchall()
    assert rows == [("waiting", after(90_000), after(500)), ("waiting", NOON, after(500))]
