"""Instants: whole microseconds since the Unix epoch, UTC.

They are what history stores and what the supervisor reports, thousands at a time, so they stay
plain integers between the schedule and the screen.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NewType

Instant = NewType("Instant", int)

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant(when: datetime) -> Instant:
    """Return the instant of an aware date-time."""
    return Instant((when - _EPOCH) // _MICROSECOND)


def moment(at: Instant, zone: tzinfo = UTC) -> datetime:
    """Return an instant as an aware date-time in `zone`."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)


def micros(length: timedelta) -> int:
    """Return a length of time in microseconds."""
    return length // _MICROSECOND
