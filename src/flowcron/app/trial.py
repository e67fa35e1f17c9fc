"""Sending a test message each way that a channel goes, by the process that sends all alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flowcron.alerts.order import Answer, Order, Site
from flowcron.app.courier import deliver
from flowcron.config.config import Config
from flowcron.domain.channel import Channel
from flowcron.system.processes import MachineProcesses
from flowcron.system.programs import Programs


class Tried(NamedTuple):
    """One way of a channel, and what became of the message."""

    target: str
    answer: Answer


def try_channel(channel: Channel, config: Config, *, history: Path) -> Iterator[Tried]:
    """Send a test message each way of a channel, and yield what became of it."""
    site = Site(str(history), str(config.path), config.timezone, config.smtp, config.sentry)
    programs = Programs(MachineProcesses().status_of)
    try:
        for target in channel.targets:
            yield Tried(target, deliver(programs, Order(site, target, channel)))
    finally:
        programs.close()
