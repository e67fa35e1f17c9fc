"""Times as people read them; instants everywhere else."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant, moment

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEK = 7


def local(at: Instant, zone: tzinfo | None) -> datetime:
    """Return an instant in a zone; None is the machine's own."""
    return moment(at).astimezone(zone)


def iso(at: Instant | None, zone: tzinfo | None) -> str | None:
    """Return an instant as ISO 8601 with its offset, to the second or as exact as it is."""
    return None if at is None else local(at, zone).isoformat()


def short(at: Instant, now: Instant, zone: tzinfo | None, *, seconds: bool = True) -> str:
    """Return a time as a person says it: "today 18:30", "Fri 07:00", "2026-10-31 02:30"."""
    when, today = local(at, zone), local(now, zone).date()
    days = (when.date() - today).days
    clock = clock_time(when, seconds=seconds)
    if abs(days) >= _WEEK:
        return f"{when:%Y-%m-%d} {clock}"
    named = {0: "today", 1: "tomorrow"}.get(days) or DAYS[when.weekday()].capitalize()
    return f"{named} {clock}"


def day(when: datetime) -> str:
    """Return a day as "Fri 20 Nov", in English whatever the locale."""
    return f"{DAYS[when.weekday()].capitalize()} {when.day:2} {_MONTHS[when.month - 1]}"


def date(when: datetime, today: datetime) -> str:
    """Return a day as "20 Nov", or "20 Nov 2025" where that is another year than today."""
    year = "" if when.year == today.year else f" {when.year}"
    return f"{when.day} {_MONTHS[when.month - 1]}{year}"


def clock_time(when: datetime, *, seconds: bool = True) -> str:
    """Return "07:00", or "07:00:30" where there are seconds to tell."""
    return f"{when:%H:%M:%S}" if seconds and when.second else f"{when:%H:%M}"


def coarse(length: timedelta) -> str:
    """Return a length of time in one unit: "11s", "17m", "8h", "2d"."""
    seconds = round(abs(length.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def away(length: timedelta) -> str:
    """Return how long until something: "11s", "40m", "5h 12m", from ten hours on "13h" or "6d"."""
    if timedelta(hours=1) <= abs(length) < timedelta(hours=10):
        return human_duration(abs(length))
    return coarse(length)


def relative(at: Instant, now: Instant) -> str:
    """Return "in 8h", "2h ago" or "now"."""
    length = timedelta(microseconds=at - now)
    if abs(length) < timedelta(seconds=1):
        return "now"
    return f"in {coarse(length)}" if at > now else f"{coarse(length)} ago"
