"""What is known about one alert when it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Any

from flowcron.domain.alerting import Event
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.times import clock_time, day, local
from flowcron.history.query import RunRow


@dataclass(frozen=True, slots=True)
class Sender:
    """Who tells: this machine, a channel of a configuration; times are told in `zone`.

    `history` tells this history from every other.
    """

    host: str
    channel: str
    config: str
    history: str
    zone: tzinfo | None = None

    def when(self, at: Instant, *, named: bool = False) -> str:
        """Return a time as people read it, with the name of the zone where that is asked for."""
        here = local(at, self.zone)
        said = f"{day(here)} {clock_time(here, seconds=False)}".replace("  ", " ")
        return f"{said} {here.tzname()}" if named else said


@dataclass(frozen=True, slots=True)
class Facts:
    """One alert: a row of the outbox, and what history knows about it.

    `details` is what its event has beside, see engine/alerts.py. `usual` is how long the job takes,
    `tail` the last lines of what it wrote, made safe. `delayed` is set where it is told late.
    """

    row: int
    event: Event
    text: str
    created_at: Instant
    details: dict[str, Any] = field(default_factory=dict)
    job: str = ""
    definition: Job | None = None
    run: RunRow | None = None
    incident: int | None = None
    usual: timedelta | None = None
    next_at: Instant | None = None
    last_line: str | None = None
    tail: str = ""
    delayed: bool = False
    tries: int = 0
