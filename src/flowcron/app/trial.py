"""Sending a test message each way that a channel goes, by the process that sends all alerts.

The question is JSON on the standard input of `flowcron.alerts.send`: the event "test", the channel
as config/aside_alerts.py tells it, which of its targets, [smtp], [sentry] and the configuration's
path. It answers `{"via": service, "error": sentence or null, "hint": how to mend it or null}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, NamedTuple

from flowcron.config.aside_alerts import told_channel
from flowcron.config.config import Config
from flowcron.domain.alerting import Event
from flowcron.domain.channel import Channel
from flowcron.domain.ports import Reply
from flowcron.system import clock
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs

SEND = (sys.executable, "-P", "-m", "flowcron.alerts.send")
PATIENCE = 20.0  # seconds; the process gives up earlier by itself
_LIMIT = 100_000  # bytes


class Tried(NamedTuple):
    """One way of a channel, and what became of the message; `error` is None where it arrived."""

    target: str
    via: str | None
    error: str | None
    hint: str | None
    took: timedelta


def try_channel(channel: Channel, config: Config, *, argv: Sequence[str] = SEND) -> Iterator[Tried]:
    """Send a test message each way of a channel, and yield what became of it."""
    programs = Programs(MachineProcesses().status_of)
    try:
        for target in channel.targets:
            began = clock.monotonic()
            question = _question(channel, target, config)
            reply = programs.ask(argv, question=question, patience=PATIENCE, limit=_LIMIT)
            took = timedelta(seconds=clock.monotonic() - began)
            heard = _heard(reply)
            yield Tried(target, heard.get("via"), heard["error"], heard.get("hint"), took)
    finally:
        programs.close()


def _question(channel: Channel, target: str, config: Config) -> bytes:
    return json.dumps(
        {
            "event": Event.TEST,
            "channel": told_channel(channel),
            "target": target,
            "smtp": config.smtp and asdict(config.smtp),
            "sentry": config.sentry and asdict(config.sentry),
            "config": str(config.path),
        }
    ).encode()


def _heard(reply: Reply) -> dict[str, Any]:
    """Return the answer, or what is wrong when there is none; stderr may hold a secret."""
    if reply.status is None:
        error = f"nothing came of it within {PATIENCE:g} s"
        return {"error": error, "hint": "is what it goes to up, and can it be reached from here?"}
    try:
        heard = json.loads(reply.stdout)
    except ValueError:
        heard = None
    if not isinstance(heard, dict) or "error" not in heard:
        return {"error": "the process that sends ended without an answer"}
    return heard
