"""Time zones by name: the IANA names that schedules may use, and what was meant by the others."""

from __future__ import annotations

import difflib
from zoneinfo import ZoneInfo, available_timezones

from flowcron.domain.cron_field import ScheduleError

_NO_PLACE = ("localtime", "Factory", "posixrules")
_OTHER_TABLES = ("posix/", "right/")  # right/ counts leap seconds
_MEANT = {
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "PT": "America/Los_Angeles",
    "MDT": "America/Denver",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "EDT": "America/New_York",
    "BST": "Europe/London",
    "CEST": "Europe/Berlin",
    "EEST": "Europe/Helsinki",
    "MSK": "Europe/Moscow",
    "IST": "Asia/Kolkata",
    "SGT": "Asia/Singapore",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "Z": "UTC",
}


class ZoneError(ScheduleError):
    """A time zone that does not exist."""


def zone_of(name: str) -> ZoneInfo:
    """Return the zone with an IANA name; raise ZoneError with the name that was meant."""
    if name not in _NO_PLACE and not name.startswith(_OTHER_TABLES):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # not found, not a key, not a file
            pass
    shown = ascii(name[:60])[1:-1]
    raise ZoneError(f'unknown time zone "{shown}"', end=len(name), hint=_hint(name))


def _hint(name: str) -> str:
    if meant := _MEANT.get(name.upper()):
        return f"use a name like {meant}"
    spelt = name.strip().replace(" ", "_").lower()
    known = {zone.lower(): zone for zone in sorted(available_timezones() - set(_NO_PLACE))}
    for lower, zone in known.items():
        if spelt == lower or ("/" in zone and spelt == lower.rpartition("/")[2]):
            return f'did you mean "{zone}"?'
    if near := difflib.get_close_matches(spelt[:60], known, n=1, cutoff=0.75):
        return f'did you mean "{known[near[0]]}"?'
    return "use a name like Europe/Berlin or UTC"
