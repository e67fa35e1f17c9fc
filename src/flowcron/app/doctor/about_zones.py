"""Time zone data: which is used, how old it is, and whether the jobs' zones agree in all of it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import metadata, resources
from pathlib import Path
from zoneinfo import ZoneInfo

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, warning, well
from flowcron.domain.instant import Instant, moment
from flowcron.domain.job import Cron
from flowcron.domain.zone import ZoneError, zone_of

_AHEAD = 730  # days that are compared
_OLD = 2  # years; some zone changes its rules every year
_HEADER = "# version "


def zones(case: Case) -> Iterator[Finding]:
    """Check that zone data are new, and that all copies say the same about the jobs' zones."""
    wrong = [*_machine(case), *_differences(case), *_age(case.now)]
    yield from wrong
    if not wrong:
        system = system_release()
        beside = f" (system), {package_release()} (package)" if system else " (package)"
        yield well(f"time zone data {system or package_release()}{beside}")


def package_release() -> str:
    """Return the release of the package tzdata as IANA calls it: "2026b"."""
    year, number = metadata.version("tzdata").split(".")[:2]
    return f"{year}{chr(ord('a') + int(number) - 1)}"


def system_release() -> str | None:
    """Return the release of the system's data, or None where it has none or does not say."""
    for folder in map(Path, zoneinfo.TZPATH):
        try:
            with (folder / "tzdata.zi").open(encoding="ascii", errors="replace") as file:
                first = file.readline()
        except OSError:
            continue
        if first.startswith(_HEADER):
            return first.removeprefix(_HEADER).strip()
    return None


def first_difference(one: ZoneInfo, other: ZoneInfo, since: Instant) -> date | None:
    """Return the first day of the next two years on which two zones have another offset."""
    noon = moment(since).replace(hour=12, minute=0, second=0, microsecond=0)
    for days in range(_AHEAD):
        when = noon + timedelta(days=days)
        if one.utcoffset(when.astimezone(one)) != other.utcoffset(when.astimezone(other)):
            return when.date()
    return None


def _differences(case: Case) -> Iterator[Finding]:
    """Yield the jobs' zones of which the system's data and the package's differ."""
    names = {when.timezone for job in case.jobs for when in job.when if isinstance(when, Cron)}
    for name in sorted(names):
        system, package = _of_system(name), _of_package(name)
        day = system and package and first_difference(system, package, case.now)
        if day:
            yield warning(
                f"time zone data differ about {name} from {day} on: the system's "
                f"({system_release()}) are used, the package has {package_release()}",
                where=name,
                fix="upgrade the older: your system's tzdata, or pip install -U tzdata",
            )


def _machine(case: Case) -> Iterator[Finding]:
    name = case.environ.get("TZ", "").removeprefix(":")
    if not name or name.startswith("/"):
        return
    try:
        zone_of(name)
    except ZoneError as error:
        yield warning(f'TZ is "{name}", which is no time zone, so UTC is used', fix=error.hint)


def _age(now: Instant) -> Iterator[Finding]:
    release = system_release() or package_release()
    if release[:4].isdecimal() and int(release[:4]) + _OLD < moment(now).year:
        yield warning(
            f"time zone data are of {release[:4]}, and some zones have changed since",
            fix="upgrade your system's tzdata, or pip install -U tzdata",
        )


def _of_system(name: str) -> ZoneInfo | None:
    for folder in map(Path, zoneinfo.TZPATH):
        try:
            with (folder / name).open("rb") as file:
                return ZoneInfo.from_file(file, key=name)
        except (OSError, ValueError):
            continue
    return None


def _of_package(name: str) -> ZoneInfo | None:
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not place.is_file():
        return None
    with place.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
