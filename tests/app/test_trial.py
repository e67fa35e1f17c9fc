"""Trying a channel, with real processes in place of the one that sends."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from flowcron.app.trial import try_channel
from flowcron.config.config import Config
from flowcron.domain.channel import Channel, Sentry, Smtp

OPS = Channel("ops", email=("root",), to=("slack://a/b/c", "env:HOOK"), command=("page",))
CONFIG = Config(
    Path("/etc/flowcron/schedules.toml"),
    "digest",
    (),
    (),
    "UTC",
    smtp=Smtp("smtp.example.com", 587, "cron@example.com"),
    sentry=Sentry("env:DSN"),
)
ECHO = """
import json, sys
question = json.load(sys.stdin)
name, host = question["channel"]["name"], question["smtp"]["host"]
said = [question["target"], question["event"], name, host]
print(json.dumps({"via": "slack", "error": " ".join(said), "hint": question["config"]}))
"""


def sender(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


def test_each_way_of_a_channel_is_tried_on_its_own() -> None:
    tries = list(try_channel(OPS, CONFIG, argv=sender(ECHO)))

    assert [tried.target for tried in tries] == ["email", "to/1", "to/2", "command"]
    assert [tried.error for tried in tries][:2] == [
        "email test ops smtp.example.com",
        "to/1 test ops smtp.example.com",
    ]
    assert {tried.hint for tried in tries} == {"/etc/flowcron/schedules.toml"}
    assert all(tried.took > timedelta() for tried in tries)


@pytest.mark.parametrize(
    "text", ["", "print('no JSON')", "print('[]')", "print('{}')", "raise SystemExit('hunter2')"]
)
def test_a_process_that_does_not_answer_is_an_error_without_what_it_said(text: str) -> None:
    (tried,) = try_channel(Channel("ops", email=("root",)), CONFIG, argv=sender(text))

    assert tried.error == "the process that sends ended without an answer"


def test_a_way_that_arrived_has_no_error() -> None:
    answer = sender('print(\'{"via": "email", "error": null}\')')

    (tried,) = try_channel(Channel("ops", email=("root",)), CONFIG, argv=answer)

    assert (tried.via, tried.error, tried.hint) == ("email", None, None)
