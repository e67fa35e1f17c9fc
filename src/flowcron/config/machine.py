"""What the machine decides where nobody names it: the time zone of schedules, the seed of H."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from flowcron.domain.zone import ZoneError, zone_of

_LOCALTIME = Path("/etc/localtime")
_TIMEZONE = Path("/etc/timezone")
_FOLDER = "zoneinfo/"
_MACHINE_ID = Path("/etc/machine-id")


def machine_zone(*, link: Path = _LOCALTIME, file: Path = _TIMEZONE) -> str:
    """Return the IANA name of the machine's zone: TZ, /etc/localtime, /etc/timezone, else UTC."""
    for name in (_from_tz(), _from_link(link), _from_file(file)):
        if name and _exists(name):
            return name
    return "UTC"


def machine_seed(*, file: Path = _MACHINE_ID) -> str:
    """Return what spreads the H of equal jobs over different machines: its id, else its name."""
    try:
        return file.read_text(encoding="ascii").strip() or socket.gethostname()
    except (OSError, ValueError):
        return socket.gethostname()


def _from_tz() -> str:
    text = os.environ.get("TZ", "").removeprefix(":")
    return text.partition(_FOLDER)[2] if text.startswith("/") else text


def _from_link(link: Path) -> str:
    try:
        target = str(link.readlink())
    except OSError:
        return ""
    name = target.partition(_FOLDER)[2]
    return name.removeprefix("posix/")


def _from_file(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _exists(name: str) -> bool:
    try:
        zone_of(name)
    except ZoneError:
        return False
    return True
