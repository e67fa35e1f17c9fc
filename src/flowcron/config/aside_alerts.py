"""Channels and what they go through, as one process tells another; see aside.py."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flowcron.domain.alerting import Event, Remind, Rule
from flowcron.domain.channel import Channel, Limit, Quiet

_LISTS = ("email", "to", "command")


def told_channel(channel: Channel) -> dict[str, Any]:
    """Return a channel as values that JSON has; lengths are in seconds."""
    rule, limit = channel.rule, channel.limit
    remind = rule.remind
    seconds = remind.total_seconds() if isinstance(remind, timedelta) else remind
    return asdict(channel) | {
        "rule": {"on": sorted(rule.on), "failures": rule.failures, "remind": seconds},
        "group": channel.group.total_seconds(),
        "limit": None if limit is None else [limit.messages, limit.per.total_seconds()],
    }


def heard_channel(heard: dict[str, Any]) -> Channel:
    """Return the channel that was told."""
    rule, quiet, limit = heard["rule"], heard["quiet"], heard["limit"]
    remind = rule["remind"]
    read = {
        "rule": Rule(
            frozenset(map(Event, rule["on"])),
            rule["failures"],
            Remind(remind) if isinstance(remind, str) else timedelta(seconds=remind),
        ),
        "group": timedelta(seconds=heard["group"]),
        "quiet": None if quiet is None else Quiet(**quiet),
        "limit": None if limit is None else Limit(limit[0], timedelta(seconds=limit[1])),
    }
    return Channel(**heard | {key: tuple(heard[key]) for key in _LISTS} | read)
