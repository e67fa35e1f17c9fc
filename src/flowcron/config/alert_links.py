"""What one part of a configuration says of its channels: jobs, channels and [sentry]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from flowcron.config.alert_rules import is_monitor
from flowcron.config.links import Known, named, names_of, tables_of
from flowcron.config.mistake import Mistake, located
from flowcron.config.positions import Path
from flowcron.config.references import tables_of_jobs
from flowcron.config.sources import Source
from flowcron.config.wording import shown
from flowcron.domain.knots import cycles
from flowcron.errors import Problem


def broken_alerts(sources: Sequence[Source]) -> Iterator[Problem]:
    """Yield every name of a channel that no file defines, every circle, and a missing [sentry]."""
    channels = dict(chain.from_iterable(tables_of(source, "alerts") for source in sources))
    fallbacks = {
        name: tuple(each for each, _ in named(table.get("fallback"), ()) if each != name)
        for name, table in channels.items()
    }
    said = (name for source in sources for name, _ in _alerted(source))
    known = Known.of(names_of(sources, "alerts"), chain(said, *fallbacks.values()))
    circles = {circle[0]: circle for circle in cycles(fallbacks)}
    has_sentry = "sentry" in sources[0].table
    for source in sources:
        mistakes = [each for name, path in _alerted(source) for each in _of(name, path, known)]
        for name, table in tables_of(source, "alerts"):
            mistakes += _of_fallback(name, table.get("fallback"), channels, known)
            mistakes += _of_circle(name, circles.get(name))
            if table.get("sentry") is True and not has_sentry:
                mistakes.append(_without_sentry(name))
        yield from located(source, mistakes)


def _alerted(source: Source) -> Iterator[tuple[str, Path]]:
    """Yield the channels that the jobs of a file alert, and where they say so."""
    for path, table in tables_of_jobs(source.table):
        alert = table.get("alert")
        if isinstance(alert, dict):
            yield from named(alert.get("to"), (*path, "alert", "to"))
        else:
            yield from named(alert, (*path, "alert"))


def _of(name: str, path: Path, known: Known) -> Iterator[Mistake]:
    if name not in known.names:
        help_ = known.meant.get(name) or f'define it: [alerts.{name}] with email = "…"'
        yield Mistake("unknown-channel", f"there is no channel {shown(name)}", path, help_)


def _of_fallback(
    name: str, fallback: object, channels: dict[str, dict[str, Any]], known: Known
) -> Iterator[Mistake]:
    if not isinstance(fallback, str):
        return
    path: Path = ("alerts", name, "fallback")
    if fallback == name:
        message = f'channel "{name}" cannot fall back to itself'
        yield Mistake("cycle", message, path, "name another channel, or leave it out")
    elif is_monitor(channels.get(fallback, {})):
        message = f"{shown(fallback)} is a monitor, which takes no messages"
        yield Mistake("conflict", message, path, "name a channel that people read")
    else:
        yield from _of(fallback, path, known)


def _of_circle(name: str, circle: tuple[str, ...] | None) -> Iterator[Mistake]:
    """Yield a circle, at the channel of it that comes first."""
    if circle is not None:
        message = f"these channels fall back to each other: {' → '.join((name, *reversed(circle)))}"
        help_ = "let one of them fall back to none"
        yield Mistake("cycle", message, ("alerts", name, "fallback"), help_)


def _without_sentry(name: str) -> Mistake:
    path: Path = ("alerts", name, "sentry")
    help_ = 'write [sentry] with dsn = "…", or a reference to it'
    return Mistake("missing", "there is no [sentry]", path, help_, at_key=True)
