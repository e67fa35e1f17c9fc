"""What a mail and a webhook say of an alert."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fakes import make_job
from flowcron.alerts.facts import Facts, Sender
from flowcron.alerts.gather import facts_of
from flowcron.alerts.headline import ordinal
from flowcron.alerts.message import Message, compose
from flowcron.domain.alerting import Event
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Cron, RetryPolicy
from flowcron.domain.run import State
from flowcron.history.database import transaction
from flowcron.history.incidents import Failure, NewAlert, count_failure, put
from flowcron.history.told import alerts_numbered
from flowcron.supervisor.segment import RECORD
from rows import Story, at

BERLIN = ZoneInfo("Europe/Berlin")
SENDER = Sender("db1", "ops", "/etc/flowcron/schedules.toml", "1234", BERLIN)
REFUSED = 'connection to server at "10.0.0.5", port 5432 failed: Connection refused'
KPIS = make_job(
    "daily-kpis",
    command=("python", "-m", "kpis", "--yesterday"),
    when=(Cron("0 7 * * 1-5", "Europe/Berlin"),),
    retry=RetryPolicy(times=2),
    cwd="/srv/kpis",
    user="kpi",
    description="KPIs for the morning mail",
    runbook="https://wiki.example.com/kpis",
)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    written = Story(tmp_path / "history.db")
    yield written
    written.db.close()


def alert(story: Story, event: Event, text: str, run: int | None, **details: Any) -> int:
    """Put something into the outbox as the engine does."""
    job = None if run is None else 1
    incident = details.pop("incident", None)
    with transaction(story.db):
        new = NewAlert("ops", event, text, Instant(0), job, run, incident, details)
        return put(story.db, new, at=at("2026-11-20T06:02:40"))


def told(story: Story, *rows: int, now: str = "2026-11-20T06:03:10", **how: Any) -> Message:
    digest = how.pop("digest", False)
    facts = [
        facts_of(story.db, story.path.parent, each, now=at(now), **how)
        for each in alerts_numbered(story.db, rows)
    ]
    return compose(facts, SENDER, digest=digest)


def broken_kpis(story: Story) -> int:
    """Record the story of the document: it failed for the third time in a row."""
    story.configured(KPIS)
    for day in range(10, 18):
        story.run("daily-kpis", at(f"2026-11-{day}T06:00:00"), took=38)
    failed: dict[str, Any] = {"state": State.FAILED, "exit_code": 2, "reason": "exit 2"}
    for day in (18, 19):
        story.run("daily-kpis", at(f"2026-11-{day}T06:00:00"), took=125, **failed)
    run = story.run(
        "daily-kpis",
        at("2026-11-20T06:00:00"),
        retries=2,
        took=153,
        last_line=f"psycopg.OperationalError: {REFUSED}",
        **failed,
    )
    said = f'Traceback\n  File "/srv/kpis/db.py", line 31, in connect\nError: {REFUSED}\n'.encode()
    piece = RECORD.pack(0, len(said))
    story.output(run, said, piece, number=3)
    since, success = at("2026-11-18T06:02:05"), at("2026-11-17T06:00:00")
    with transaction(story.db):
        for each in (run - 2, run - 1, run):
            incident = count_failure(story.db, Failure(1, each, success), at=since)
    about = {"failures": 3, "opened_at": since, "last_success_at": success}
    return alert(story, Event.FAILURE, "exit 2", run, incident=incident.id, **about)


def test_a_failure_is_told_as_in_the_document(story: Story) -> None:
    message = told(story, broken_kpis(story))

    assert message.subject == "✗ daily-kpis failed on db1: exit 2 (3rd time in a row)"
    assert (
        message.text
        == f"""\
psycopg.OperationalError: {REFUSED}

  job        daily-kpis: KPIs for the morning mail      runbook https://wiki.example.com/kpis
  run        11 · scheduled Fri 20 Nov 07:00 CET · took 2m 33s (usually 38s)
  attempts   3 of 3 · exit 2
  failing    since Wed 18 Nov 07:02 · last success Tue 17 Nov 07:00
  next       Mon 23 Nov 07:00
  command    python -m kpis --yesterday      (in /srv/kpis as kpi)

last lines
│ Traceback
│   File "/srv/kpis/db.py", line 31, in connect
│ Error: {REFUSED}

flowcron show 11 · flowcron retry 11
You get this because of [alerts.ops] in /etc/flowcron/schedules.toml. \
Mute: flowcron alerts mute daily-kpis --for 1d
"""
    )


def test_the_event_as_programs_get_it(story: Story) -> None:
    document = told(story, broken_kpis(story)).document

    assert document["run"].items() >= {"id": 11, "job": "daily-kpis", "exit_code": 2}.items()
    del document["run"]
    assert document == {
        "schema": "flowcron.event/1",
        "event": "failure",
        "text": "exit 2",
        "at": "2026-11-20T07:02:40+01:00",
        "job": "daily-kpis",
        "host": "db1",
        "incident": {
            "id": 1,
            "opened_at": "2026-11-18T07:02:05+01:00",
            "failures": 3,
            "last_success_at": "2026-11-17T07:00:00+01:00",
        },
        "output": [
            "Traceback",
            '  File "/srv/kpis/db.py", line 31, in connect',
            f"Error: {REFUSED}",
        ],
        "description": "KPIs for the morning mail",
        "runbook": "https://wiki.example.com/kpis",
        "delayed": False,
        "dedup_key": "flowcron-1234-1",
    }


def test_without_output_nothing_that_the_job_wrote_is_told(story: Story) -> None:
    message = told(story, broken_kpis(story), output=False)

    assert REFUSED not in message.text
    assert message.document["output"] == []


def test_a_recovery_says_how_long_it_was_broken(story: Story) -> None:
    story.configured(KPIS)
    run = story.run("daily-kpis", at("2026-11-20T06:00:00"), took=40)
    since = at("2026-11-18T06:02:00")
    row = alert(story, Event.RECOVERY, "works again after 1d 23h", run, opened_at=since, failures=3)

    message = told(story, row)

    assert message.subject == "✓ daily-kpis on db1: works again after 1d 23h"
    assert "  broken     since Wed 18 Nov 07:02, for 1d 23h · 3 runs failed\n" in message.text
    assert "attempts" not in message.text
    assert message.mood == "success"


def test_a_reminder_says_that_it_is_still_so(story: Story) -> None:
    story.configured(KPIS)
    run = story.run("daily-kpis", at("2026-11-20T06:00:00"), state=State.FAILED)

    message = told(story, alert(story, Event.FAILURE, "exit 1", run, failures=12, reminder=True))

    assert message.subject == ("✗ daily-kpis is still failing on db1: exit 1 (12th time in a row)")


def test_what_is_told_late_says_so(story: Story) -> None:
    message = told(story, broken_kpis(story), now="2026-11-20T09:00:00")

    assert message.subject.startswith("(delayed) ✗ daily-kpis failed")
    assert message.text.startswith("(delayed: of Fri 20 Nov 07:02 CET, was held back until now)\n")
    assert message.document["delayed"] is True


def test_a_run_that_is_deleted_by_now_is_told_all_the_same(story: Story) -> None:
    row = broken_kpis(story)
    with transaction(story.db):
        story.db.execute("DELETE FROM runs")

    message = told(story, row)

    assert "daily-kpis failed" in message.subject
    assert "flowcron show daily-kpis" in message.text
    assert message.document["run"] is None


def test_a_few_alerts_are_told_in_full_in_one_message(story: Story) -> None:
    rows = [broken_kpis(story), alert(story, Event.SCHEDULER, "the disk is full", None)]

    message = told(story, *rows)

    assert message.subject == "✗ 2 alerts on db1: 1 failed, 1 other (daily-kpis, flowcron)"
    assert message.text.count("last lines") == 1
    assert "  host       db1" in message.text
    assert message.text.endswith(
        "You get this because of [alerts.ops] in /etc/flowcron/schedules.toml.\n"
    )
    assert [event["event"] for event in message.document["events"]] == ["failure", "scheduler"]


def test_a_digest_has_a_line_for_each(story: Story) -> None:
    story.configured(KPIS)
    runs = [
        story.run("daily-kpis", at(f"2026-11-{day}T06:00:00"), state=State.FAILED)
        for day in range(10, 20)
    ]
    rows = [alert(story, Event.FAILURE, "exit 1", run) for run in runs] * 12

    message = told(story, *rows, digest=True)

    assert message.subject == "✗ 10 alerts on db1: 10 failed (daily-kpis)"
    assert message.text.startswith("✗ daily-kpis  exit 1 · run 1 · Fri 20 Nov 07:02\n")
    assert message.text.count("✗") == 10
    assert len(message.document["events"]) == 10


def test_a_very_long_digest_counts_the_rest() -> None:
    alerts = [Facts(row, Event.FAILURE, "exit 1", Instant(0), job=f"j{row}") for row in range(300)]

    message = compose(alerts, SENDER, digest=True)

    assert "… and 200 more" in message.text
    assert message.subject == "✗ 300 alerts on db1: 300 failed (j0, j1, j2, …)"


def test_nothing_that_is_told_acts_on_whoever_reads_it(story: Story) -> None:
    story.configured(
        make_job(
            "evil", command="printf '\x1b[2J'\r\n", description="d\x07\u202e", runbook="\x1b]0;"
        )
    )
    run = story.run("evil", at("2026-11-20T06:00:00"), state=State.FAILED, last_line="\x1b[31mred")
    said = b"\x1b[31mred\x00\xff\r\n\xe2\x80\xae back \x9b"
    story.output(run, said, RECORD.pack(0, len(said)))

    message = told(story, alert(story, Event.FAILURE, "exit 1\nBcc: me\x1b", run))

    document = message.document
    texts = (message.subject, message.text, *document["output"])
    assert all(char.isprintable() or char in "\n\t" for text in texts for char in text)
    assert "\n" not in message.subject
    assert document["output"] == [r"\x1b[31mred\x00\xff", r"\u202e back \x9b"]


def test_the_key_of_a_message_is_that_of_its_alerts() -> None:
    def key(*rows: int) -> str:
        facts = [Facts(row, Event.FAILURE, "exit 1", Instant(row * SECOND)) for row in rows]
        return compose(facts, SENDER).key

    assert key(1, 2) == key(2, 1)
    assert len({key(1), key(2), key(1, 2)}) == 3


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (112, "112th")],
)
def test_numbers_are_counted_in_english(number: int, text: str) -> None:
    assert ordinal(number) == text
