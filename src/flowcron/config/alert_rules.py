"""What must hold between the keys of [alerts.*] and of [smtp]: rules that no value can break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowcron.config.mistake import Mistake
from flowcron.config.positions import Path
from flowcron.domain.names import near

PLACES = ("email", "to", "command", "healthchecks", "sentry")
"""The keys of a channel that say where it goes."""

NOT_MONITOR = ("failures", "remind", "group", "quiet", "limit", "fallback", "params")
"""What says nothing of a monitor, which is pinged by every run and alerts by its own rules."""

TO_PEOPLE = ("email", "to", "command")
"""What cannot be in one channel with a monitor, because it would hear of every run too."""

LOGIN = {"username": "password", "password": "username"}


def broken_by_channels(table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield the rules that a file's channels and its [smtp] break, whatever their values are."""
    channels = table.get("alerts")
    for name, channel in channels.items() if isinstance(channels, dict) else ():
        if isinstance(channel, dict):
            yield from _broken_by_channel(channel, ("alerts", name))
    smtp = table.get("smtp")
    smtp = smtp if isinstance(smtp, dict) else {}
    for key, other in LOGIN.items():
        if key in smtp and other not in smtp:
            help_ = f"it goes with {other}; a server that asks for no name needs neither"
            yield _says_nothing(key, ("smtp",), help_)


def is_monitor(channel: dict[str, Any]) -> bool:
    """Return whether a channel's table makes it one that is pinged by each run."""
    return "healthchecks" in channel or channel.get("sentry") is True


def _broken_by_channel(channel: dict[str, Any], path: Path) -> Iterator[Mistake]:
    places = [key for key in PLACES if key in channel and channel[key] is not False]
    if not places and not any(near(key, PLACES) for key in channel if key not in PLACES):
        message = f'channel "{path[-1]}" goes nowhere'
        help_ = 'write email = "…", to = "…", command = "…" or healthchecks = "…"'
        yield Mistake("missing", message, path, help_, at_key=True)
    if not is_monitor(channel):
        return
    monitor = "healthchecks" if "healthchecks" in channel else "sentry"
    for key in TO_PEOPLE:
        if key in channel:
            message = f'"{key}" and "{monitor}" cannot both be in one channel'
            help_ = "a monitor hears of every run: give it a channel of its own"
            yield Mistake("conflict", message, (*path, key), help_, at_key=True)
    for key in NOT_MONITOR:
        if key in channel:
            help_ = f"{monitor} is pinged by every run, and alerts by rules of its own"
            yield _says_nothing(key, path, help_)


def _says_nothing(key: str, path: Path, help_: str) -> Mistake:
    return Mistake("conflict", f'"{key}" says nothing here', (*path, key), help_, at_key=True)
