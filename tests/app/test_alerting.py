"""The sender on a real outbox: leases, back-off, fallbacks, limits; its processes are real."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fakes import WakesNobody, poll
from flowcron.alerts.order import Answer
from flowcron.app.alerting import Alerting, Heard
from flowcron.config.config import Config
from flowcron.domain.channel import Channel, Limit, Quiet
from flowcron.domain.delivery import Waiting
from flowcron.domain.duration import parse_duration
from flowcron.domain.instant import SECOND, Instant
from flowcron.history.outbox import Lane
from flowcron.system import clock
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs
from receivers import Web, free_port
from rows import Story
from sending import Outbox

HOUR = 3600 * SECOND


class Sender:
    """A sender of its own, and what was heard of it."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.answers: list[tuple[Lane, Answer]] = []
        self.lost: list[str] = []
        story = outbox.story
        programs = Programs(MachineProcesses().status_of)
        self.alerting = Alerting(
            story.db,
            story.path,
            programs,
            wakes=WakesNobody(),
            heard=Heard(self._over, self.lost.append),
            luck=lambda: 0.5,
        )

    def use(self, *channels: Channel) -> None:
        path = self.outbox.story.path.with_name("schedules.toml")
        self.alerting.use(Config(path, "", (), (), "UTC", channels=channels))

    def work(self, answers: int = 1) -> None:
        """Look, and go on until so many deliveries are over."""
        wanted = len(self.answers) + answers
        self.alerting.look()
        poll(lambda: self._settled(wanted))

    def rows(self, columns: str) -> list[Any]:
        return self.outbox.story.db.execute(f"SELECT {columns} FROM outbox ORDER BY id").fetchall()

    def change(self, assignment: str, *values: object) -> None:
        self.outbox.story.db.execute(f"UPDATE outbox SET {assignment}", values)

    def _settled(self, wanted: int) -> bool:
        self.alerting._errands.settle()
        self.alerting.look()
        return len(self.answers) >= wanted

    def _over(self, lane: Lane, _rows: Sequence[Waiting], answer: Answer) -> None:
        self.answers.append((lane, answer))


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    story = Story(tmp_path / "history.db")
    yield Sender(Outbox(story))
    story.db.close()


def ops(web: Web, **how: Any) -> Channel:
    return Channel("ops", to=(web.url,), **how)


def test_what_is_due_is_delivered_and_then_there_is_nothing_to_wake_for(
    sender: Sender, web: Web
) -> None:
    sender.use(ops(web))
    sender.outbox.put()

    sender.work()

    assert sender.rows("state, tries, via") == [("sent", 1, f"127.0.0.1:{web.port}")]
    assert sender.alerting.look() is None


def test_what_is_not_due_is_what_it_wakes_for(sender: Sender, web: Web) -> None:
    sender.use(ops(web))
    sender.outbox.put()
    due = Instant(clock.now() + HOUR)
    sender.change("due_at = ?", due)

    assert sender.alerting.look() == due
    assert web.requests == []


def test_one_target_that_fails_keeps_nothing_from_the_others(sender: Sender, web: Web) -> None:
    sender.use(Channel("ops", to=(web.url, f"http://127.0.0.1:{free_port()}/"), command=("true",)))
    sender.outbox.put()

    sender.work(answers=3)

    assert sender.rows("target, state, tries") == [
        ("to/1", "sent", 1),
        ("to/2", "waiting", 1),
        ("command", "sent", 1),
    ]
    ((due,),) = sender.outbox.story.db.execute("SELECT due_at FROM outbox WHERE state = 'waiting'")
    assert 29 * SECOND < due - clock.now() < 31 * SECOND


def test_what_failed_goes_out_as_soon_as_its_lane_delivers_again(sender: Sender, web: Web) -> None:
    sender.use(ops(web))
    web.answers(500)
    sender.outbox.put()
    sender.work()
    web.answers(200)
    sender.outbox.put()

    sender.work(answers=2)

    assert sender.rows("state, tries") == [("sent", 2), ("sent", 1)]
    assert len(web.requests) == 3


def test_a_service_is_left_alone_for_as_long_as_it_asks(sender: Sender, web: Web) -> None:
    sender.use(ops(web))
    web.answers(429, Retry_After="600")
    sender.outbox.put()

    sender.work()

    ((due,),) = sender.rows("due_at")
    assert 595 * SECOND < due - clock.now() <= 600 * SECOND


def test_a_fallback_is_told_when_a_channel_has_failed_for_long(sender: Sender, web: Web) -> None:
    down = Channel("ops", command=("false",), fallback="oncall")
    sender.use(down, Channel("oncall", to=(web.url,)))
    sender.outbox.put()
    sender.change("tries = 5, failing_since = ?", clock.now() - HOUR)

    sender.work(answers=2)

    assert sender.rows("channel, state, fell_back") == [
        ("ops", "waiting", 1),
        ("oncall", "sent", 0),
    ]
    assert json.loads(web.requests[0].body)["event"] == "failure"


def test_after_a_day_it_is_given_up_and_told(sender: Sender) -> None:
    sender.use(Channel("ops", command=("/bin/sh", "-c", "echo broken >&2; exit 1")))
    for _ in range(2):
        sender.outbox.put()
    sender.change("created_at = ?", clock.now() - 25 * HOUR)

    sender.work()

    assert [state for (state,) in sender.rows("state")] == ["dead", "dead"]
    assert sender.lost == [
        "2 alerts could not be delivered to ops/command for a day: /bin/sh ended with 1: broken"
    ]


def test_a_channel_that_is_gone_keeps_its_alerts_for_a_day(sender: Sender) -> None:
    sender.use()
    sender.outbox.put()

    sender.alerting.look()

    ((state, error),) = sender.rows("state, error")
    assert (state, error) == ("waiting", "there is no [alerts.ops] any more")


def test_in_quiet_hours_everything_waits_for_their_end(sender: Sender, web: Web) -> None:
    minute = clock.now() // (60 * SECOND) % 1440
    quiet = Quiet((minute - 60) % 1440, (minute + 60) % 1440, "UTC")
    sender.use(ops(web, quiet=quiet))
    sender.outbox.put()

    wakes_at = sender.alerting.look()

    assert wakes_at is not None
    assert 59 * 60 * SECOND <= wakes_at - clock.now() <= HOUR
    assert web.requests == []


def test_beyond_the_limit_one_digest_follows_later(sender: Sender, web: Web) -> None:
    sender.use(ops(web, limit=Limit(1, parse_duration("1h"))))
    sender.outbox.put()
    sender.work()
    for _ in range(3):
        sender.outbox.put()

    held = sender.alerting.look()
    sender.change("due_at = 0, sent_at = sent_at - ?", HOUR)
    sender.work()

    assert held is not None
    assert 3590 * SECOND < held - clock.now() <= HOUR
    assert [len(json.loads(request.body).get("events", [1])) for request in web.requests] == [1, 3]


def test_a_process_that_dies_is_a_failure_that_is_tried_again(
    sender: Sender, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWCRON_TEST", "1")
    monkeypatch.setenv("FLOWCRON_CRASH_AT", "alert-sent")
    sender.use(ops(web))
    sender.outbox.put()

    sender.work()

    assert len(web.requests) == 1  # it arrived, and it will once more
    ((state, error),) = sender.rows("state, error")
    assert state == "waiting"
    assert error.startswith("the process that sends died")


def test_in_a_command_it_is_tried_once_however_long_it_would_be_gathered(
    sender: Sender, web: Web
) -> None:
    sender.use(ops(web), Channel("down", command=("false",)))
    sender.outbox.put()
    sender.change("due_at = ?", clock.now() + HOUR)

    sender.alerting.flush([1])

    assert sender.rows("state") == [("sent",)]


def test_a_lane_that_hangs_keeps_no_other_waiting(sender: Sender, web: Web) -> None:
    sender.use(Channel("ops", command=("sleep", "60")), Channel("oncall", to=(web.url,)))
    sender.outbox.put()
    sender.alerting.look()
    sender.outbox.put()
    sender.change("channel = 'oncall', target = NULL WHERE id = 2")

    sender.work()

    assert sender.rows("channel, state") == [("ops", "waiting"), ("oncall", "sent")]
