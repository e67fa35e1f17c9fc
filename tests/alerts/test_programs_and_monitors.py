"""A program that gets the event, and monitors that are pinged by every run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fakes import make_job
from flowcron.domain.alerting import Event
from flowcron.domain.channel import MONITOR, Channel, Sentry
from flowcron.domain.run import State
from receivers import Web
from sending import Outbox


def command(*argv: str) -> Channel:
    return Channel("ops", command=argv)


def shell(script: str) -> Channel:
    return command("/bin/sh", "-c", script)


def paths(web: Web) -> list[str]:
    return [urlsplit(request.path).path for request in web.requests]


def test_a_program_gets_the_event_on_its_stdin_and_its_words_in_the_environment(
    sending: Outbox, tmp_path: Path
) -> None:
    script = f"cat > {tmp_path}/event; env | grep ^FLOWCRON_ | sort > {tmp_path}/environment"

    answer = sending.deliver(shell(script), "command", sending.put())

    assert (answer.error, answer.via) == (None, "sh")
    assert json.loads((tmp_path / "event").read_text())["job"] == "backup"
    told = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    assert (
        told.items()
        >= {
            "FLOWCRON_EVENT": "failure",
            "FLOWCRON_JOB": "backup",
            "FLOWCRON_RUN_ID": "1",
        }.items()
    )


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo a >&2; echo 'no pager\x1b' >&2; exit 3", r"/bin/sh ended with 3: no pager\x1b"),
        ("kill -9 $$", "/bin/sh was killed by SIGKILL"),
    ],
)
def test_a_program_that_fails_is_quoted(sending: Outbox, script: str, said: str) -> None:
    answer = sending.deliver(shell(script), "command", sending.put())

    assert answer.failed
    assert answer.error == said


def test_a_program_that_is_not_there_is_named(sending: Outbox) -> None:
    answer = sending.deliver(command("/no/such/pager"), "command", sending.put())

    assert (
        answer.error
        == f"/no/such/pager cannot be started in {sending.folder}: No such file or directory"
    )


def test_a_program_says_when_it_wants_to_be_asked_again(sending: Outbox) -> None:
    answer = sending.deliver(shell("echo Retry-After: 90; exit 75"), "command", sending.put())

    assert answer.retry_after == 90


def test_a_program_that_hangs_is_given_up(sending: Outbox) -> None:
    answer = sending.deliver(command("sleep", "60"), "command", sending.put())

    assert answer.error == "sleep did not end in time"


def healthchecks(web: Web) -> Channel:
    return Channel("ops", MONITOR, healthchecks=f"{web.url}/ping-key/")


@pytest.mark.parametrize(
    ("event", "how", "ending"),
    [
        (Event.START, {}, "/start"),
        (Event.SUCCESS, {}, ""),
        (Event.RECOVERY, {}, ""),
        (Event.FAILURE, {"exit_code": 3}, "/3"),
        (Event.FAILURE, {"exit_code": 0, "reason": "no fresh file"}, "/fail"),
        (Event.FAILURE, {"exit_code": None, "signal": 9}, "/fail"),
        (Event.FAILURE, {"state": State.TIMED_OUT, "exit_code": 1}, "/fail"),
    ],
)
def test_healthchecks_is_pinged_with_the_exit_status(
    sending: Outbox, web: Web, event: Event, how: dict[str, Any], ending: str
) -> None:
    answer = sending.deliver(healthchecks(web), "healthchecks", sending.put(event, "x", **how))

    assert (answer.error, answer.via) == (None, "healthchecks")
    assert paths(web) == [f"/ping-key/backup{ending}"]
    expected = b"" if event is Event.START else b"reading\nno such table"
    assert web.requests[0].body == expected


def test_pings_of_one_run_belong_together(sending: Outbox, web: Web) -> None:
    start = sending.put(Event.START)
    with sending.story.db:
        sending.story.db.execute(
            "INSERT INTO outbox (channel, event, job_id, run_id, text, created_at, due_at) "
            "SELECT channel, 'success', job_id, run_id, 'ok', created_at, due_at FROM outbox"
        )

    answer = sending.deliver(healthchecks(web), "healthchecks", start, start + 1)

    assert answer.sent == (start, start + 1)
    numbers = [parse_qs(urlsplit(request.path).query)["rid"] for request in web.requests]
    assert numbers[0] == numbers[1]
    assert paths(web) == ["/ping-key/backup/start", "/ping-key/backup"]


def test_after_a_ping_that_failed_no_later_one_of_that_job_is_sent(
    sending: Outbox, web: Web
) -> None:
    web.answer = lambda request: (500 if "/start" in request.path else 200, {})
    rows = [sending.put(Event.START), sending.put(Event.SUCCESS)]

    answer = sending.deliver(healthchecks(web), "healthchecks", *rows)

    assert (answer.sent, answer.failed) == ((), tuple(rows))
    assert paths(web) == ["/ping-key/backup/start"]


def test_sentry_is_told_of_start_and_end(sending: Outbox, web: Web) -> None:
    channel = Channel("ops", MONITOR, sentry=True)
    rows = [sending.put(Event.START), sending.put(Event.SUCCESS), sending.put(Event.FAILURE)]
    dsn = web.url.replace("http://", "http://abc123@") + "/42"

    answer = sending.deliver(channel, "sentry", *rows, sentry=Sentry(dsn, "production"))

    assert answer.sent == tuple(rows)
    said = [json.loads(request.body) for request in web.requests]
    assert paths(web) == ["/api/42/cron/backup/abc123/"] * 3
    assert [each["status"] for each in said] == ["in_progress", "ok", "error"]
    assert said[0]["environment"] == "production"
    assert said[0]["monitor_config"] == {
        "schedule": {"type": "crontab", "value": "0 3 * * *"},
        "timezone": "Europe/Berlin",
    }


def test_a_schedule_that_sentry_would_not_understand_is_not_told(sending: Outbox, web: Web) -> None:
    sending.configured(make_job("Hashed"))
    channel = Channel("ops", MONITOR, sentry=True)
    dsn = web.url.replace("http://", "http://abc123@") + "/42"

    sending.deliver(channel, "sentry", sending.put(Event.START), sentry=Sentry(dsn))

    assert "monitor_config" not in json.loads(web.requests[0].body)


def test_a_dsn_that_is_none_is_named_without_it(sending: Outbox) -> None:
    channel = Channel("ops", MONITOR, sentry=True)

    answer = sending.deliver(
        channel, "sentry", sending.put(Event.START), sentry=Sentry("https://hunter2.example.com")
    )

    assert answer.error == "the dsn of [sentry] is not one"
