"""What is allowed and yet probably not meant among channels, as far as no disk is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from flowcron.config.mistake import Mistake
from flowcron.config.wording import shown
from flowcron.domain.alerting import Event
from flowcron.domain.channel import Channel
from flowcron.domain.job import Job

_ABOUT_FAILURES = ("failures", "remind")
_HERE = ("localhost", "127.0.0.1", "::1")


def used_channels(jobs: Iterable[Job], channels: Iterable[Channel]) -> frozenset[str]:
    """Return the channels that somebody would tell something, in any file."""
    channels = tuple(channels)
    alerted = chain.from_iterable(job.alert for job in jobs)
    return frozenset(
        {
            *(alert.channel for alert in alerted),
            *(channel.fallback for channel in channels if channel.fallback is not None),
            *(channel.name for channel in channels if Event.SCHEDULER in channel.rule.on),
        }
    )


def warnings_about_alerts(
    channels: Iterable[Channel], table: dict[str, Any], used: frozenset[str]
) -> Iterator[Mistake]:
    """Yield what is probably not meant in the channels, [smtp] and [sentry] of one file."""
    by_name = {channel.name: channel for channel in channels}
    for name, own in table.get("alerts", {}).items():
        if Event.FAILURE not in by_name[name].rule.on:
            for key in _ABOUT_FAILURES:
                if key in own:
                    message = f'"{key}" says nothing: this channel is not told of failures'
                    help_ = 'add "failure" to on, or leave it out'
                    path = ("alerts", name, key)
                    yield Mistake("no-failures", message, path, help_, at_key=True, warning=True)
        if name not in used:
            message, help_ = f"no job alerts {shown(name)}", f'write alert = "{name}" in one'
            place = ("alerts", name)
            yield Mistake("unused-channel", message, place, help_, at_key=True, warning=True)
    smtp = table.get("smtp", {})
    if "password" in smtp and smtp.get("tls") == "none" and smtp["host"] not in _HERE:
        message, help_ = "the password travels unencrypted", 'write tls = "starttls" or "tls"'
        yield Mistake("no-tls", message, ("smtp", "tls"), help_, warning=True)
    if "sentry" in table and not any(channel.sentry for channel in by_name.values()):
        message, help_ = "nothing checks in there", "write sentry = true in a channel of its own"
        yield Mistake("unused-sentry", message, ("sentry",), help_, at_key=True, warning=True)
