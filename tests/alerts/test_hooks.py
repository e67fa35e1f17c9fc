"""Webhooks and the services of Apprise, against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from flowcron.domain.channel import Channel
from receivers import HANG, RESET, Web, free_port
from sending import Outbox


def to(*urls: str) -> Channel:
    return Channel("ops", to=urls)


def test_a_plain_webhook_gets_the_event(sending: Outbox, web: Web) -> None:
    row = sending.put()

    answer = sending.deliver(to(f"{web.url}/hook?token=1234"), "to", row)

    assert (answer.sent, answer.via) == ((row,), f"127.0.0.1:{web.port}")
    (request,) = web.requests
    event = json.loads(request.body)
    assert (event["schema"], event["event"], event["job"]) == (
        "flowcron.event/1",
        "failure",
        "backup",
    )
    assert event["output"] == ["reading", "no such table"]
    assert event["dedup_key"].endswith(f"-{row}")
    assert (request.method, request.path) == ("POST", "/hook?token=1234")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("flowcron/")


def test_several_events_are_one_request(sending: Outbox, web: Web) -> None:
    rows = [sending.put() for _ in range(7)]

    answer = sending.deliver(to(web.url), "to", *rows)

    assert answer.sent == tuple(rows)
    (request,) = web.requests
    assert len(json.loads(request.body)["events"]) == 7


def test_a_service_of_apprise_gets_subject_and_text(sending: Outbox, web: Web) -> None:
    answer = sending.deliver(to(f"json://127.0.0.1:{web.port}/x"), "to", sending.put())

    assert (answer.error, answer.via) == (None, "json")
    said = json.loads(web.requests[0].body)
    assert said["title"].startswith("✗ backup failed on ")
    assert "│ no such table" in said["message"]
    assert said["type"] == "failure"


def test_the_second_of_several_urls_is_its_own_target(sending: Outbox, web: Web) -> None:
    channel = to(f"{web.url}/first", f"{web.url}/second")

    sending.deliver(channel, "to/2", sending.put())

    assert [request.path for request in web.requests] == ["/second"]


@pytest.mark.parametrize(
    "kind", ["http://127.0.0.1:{port}/{secret}", "json://me:{secret}@127.0.0.1:{port}/{secret}/x"]
)
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "500"),
        (403, "403"),
        (429, "429"),
        (RESET, "broke the connection off"),
    ],
)
def test_what_went_wrong_is_said_without_the_url(
    sending: Outbox,
    web: Web,
    secret: Callable[[str], str],
    kind: str,
    status: int,
    said: str,
) -> None:
    web.answers(status)
    url = kind.format(port=web.port, secret="hunter2-hunter2")

    answer = sending.deliver(to(secret(url)), "to", sending.put())

    assert answer.failed
    assert answer.error is not None
    assert said in answer.error
    assert answer.hint
    assert "hunter2" not in repr(answer)
    assert sending.states == ["waiting"]


@pytest.mark.parametrize("kind", ["http", "json"])
def test_a_refused_connection_is_named(sending: Outbox, kind: str) -> None:
    answer = sending.deliver(to(f"{kind}://127.0.0.1:{free_port()}/x"), "to", sending.put())

    assert answer.error is not None
    assert "refused the connection" in answer.error


def test_how_long_a_service_wants_to_be_left_alone_is_heard(sending: Outbox, web: Web) -> None:
    web.answers(429, Retry_After="120")

    answer = sending.deliver(to(web.url), "to", sending.put())

    assert answer.retry_after == 120


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("slak://hunter2/hunter2/hunter2", "Apprise cannot use this URL: slak://…"),
        ("hunter2 no url", "Apprise cannot use this URL: it://…"),
        ("slack://hunter2", "Apprise cannot use this URL: slack://…"),
        ("http://[hunter2", "this is not a URL"),
    ],
)
def test_a_bad_url_is_named_without_itself(
    sending: Outbox, secret: Callable[[str], str], url: str, said: str
) -> None:
    answer = sending.deliver(to(secret(url)), "to", sending.put())

    assert answer.error == said
    assert "hunter2" not in repr(answer)


def test_a_target_that_is_no_longer_there_is_named(sending: Outbox) -> None:
    answer = sending.deliver(to("env:HOOK"), "to/2", sending.put())

    assert answer.error == "[alerts.ops] has no to/2 any more"


def test_a_service_that_hangs_is_given_up(sending: Outbox, web: Web) -> None:
    web.answers(HANG)

    answer = sending.deliver(to(web.url), "to", sending.put())

    assert answer.error == f"127.0.0.1:{web.port} did not answer in time"


def test_a_test_goes_out_without_anything_in_the_outbox(sending: Outbox, web: Web) -> None:
    answer = sending.deliver(to(web.url), "to")

    assert answer.error is None
    event = json.loads(web.requests[0].body)
    assert (event["event"], event["text"]) == ("test", "test of [alerts.ops]")
