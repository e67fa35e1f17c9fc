"""`flowcron alerts test`: send a message each way of a channel, and say what is wrong where."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from flowcron.app.trial import Tried, try_channel
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.text import Span
from flowcron.cli.words import took
from flowcron.config.config import Config
from flowcron.config.secrets import is_reference
from flowcron.domain.channel import Channel
from flowcron.domain.names import did_you_mean
from flowcron.errors import NotFoundError

FIELDS = ("target", "via", "ok", "error", "hint", "took")
_NAME = 16


@as_command(
    name="test",
    group="alerts",
    examples=("flowcron alerts test ops", "flowcron alerts test ops --json"),
    fields=FIELDS,
)
@click.argument("name", metavar="NAME")
@pass_session
def command(session: Session, *, name: str) -> int:
    """Send a test message through a channel, each way that it goes.

    The exit code is 0 when all of them arrived, and 1 when one did not.
    """
    from flowcron.config.load import load  # noqa: PLC0415 pydantic is slow to load

    config = load(session.needed_config)
    channel = channel_named(config, name)
    tries = try_channel(channel, config, history=session.history_path)
    return write_trial(session, tries, channel, config)


def channel_named(config: Config, name: str) -> Channel:
    """Return a channel of a configuration; raises NotFoundError when it has none of that name."""
    channels = {channel.name: channel for channel in config.channels}
    if name not in channels:
        hint = did_you_mean(name, channels) or "flowcron alerts list"
        raise NotFoundError(f'there is no channel "{name}" in {config.path}', hint=hint)
    return channels[name]


def write_trial(session: Session, tries: Iterable[Tried], channel: Channel, config: Config) -> int:
    """Write what became of each way of a channel, and return the exit code."""
    done = []
    for tried in tries:
        done.append(tried)
        if session.is_for_people:
            _write(session, tried, channel, config)
            session.screen.stream.flush()
    if not session.is_for_people:
        document = {"schema": "flowcron.alerts-test/1", "channel": channel.name, "ways": []}
        session.records([_record(tried) for tried in done], FIELDS, document=document)
    return 0 if all(tried.answer.error is None for tried in done) else 1


def _record(tried: Tried) -> dict[str, Any]:
    answer = tried.answer
    return {
        "target": tried.target,
        "via": answer.via,
        "ok": answer.error is None,
        "error": answer.error,
        "hint": answer.hint,
        "took": answer.took,
    }


def _write(session: Session, tried: Tried, channel: Channel, config: Config) -> None:
    answer, name = tried.answer, tried.answer.via or tried.target
    front = Span(f"  {name:<{_NAME - 2}}", "strong")
    again = Span(" " * _NAME)
    length = took(timedelta(seconds=answer.took))
    if answer.error is None:
        session.screen.line(front, Span("✓", "ok"), f" arrived in {length}")
        if answer.note:
            session.screen.wrapped(Span(answer.note, "late"), front=again, again=again)
        return
    said = Span(f"✗ {answer.error}", "failed")
    session.screen.wrapped(said, Span(f" ({length})", "dim"), front=front, again=again)
    if answer.hint:
        session.screen.wrapped(Span(f"help: {answer.hint}"), front=again, again=again)
    for key, reference in _references(tried.target, channel, config):
        text = f"{key} comes from {reference}{_about(reference)}"
        session.screen.wrapped(Span(text, "dim"), front=again, again=again)


def _references(target: str, channel: Channel, config: Config) -> Iterator[tuple[str, str]]:
    """Yield the references that a way needs, and what each of them is."""
    smtp, sentry = config.smtp, config.sentry
    needed = {
        "the URL": channel.url_of(target) if target.startswith("to") else None,
        "the ping URL": channel.healthchecks if target == "healthchecks" else None,
        "the password": smtp.password if smtp and target == "email" else None,
        "the DSN": sentry.dsn if sentry and target == "sentry" else None,
    }
    for key, text in needed.items():
        if text is not None and is_reference(text):
            yield key, text


def _about(reference: str) -> str:
    """Return what can be said of a secret without saying it: " (mode 600, 13 bytes)"."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        return "" if name in os.environ else " (not set here)"
    if kind != "file":
        return ""
    try:
        found = Path(name).stat()
    except OSError as error:
        return f" ({error.strerror or error})"
    size = "1 byte" if found.st_size == 1 else f"{found.st_size} bytes"
    return f" (mode {stat.S_IMODE(found.st_mode):03o}, {size})"
