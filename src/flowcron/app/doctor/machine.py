"""What a report about a mistake should say of the machine: versions, and nothing private."""

from __future__ import annotations

import platform
import re
from importlib import metadata
from typing import Any

from flowcron import __version__
from flowcron.app.doctor.about_zones import package_release, system_release
from flowcron.history.database import sqlite_version

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def machine() -> dict[str, Any]:
    """Return versions and kinds of everything that flowcron stands on."""
    return {
        "flowcron": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": ".".join(map(str, sqlite_version())),
        "system": platform.platform(),
        "time_zone_data": {"system": system_release(), "package": package_release()},
        "packages": _packages(),
    }


def _packages() -> dict[str, str | None]:
    """Return the versions of what flowcron depends on; None for one that is missing."""
    try:
        required = metadata.requires("flowcron") or []
    except metadata.PackageNotFoundError:
        return {}
    names = [_NAME.match(each) for each in required if "extra ==" not in each]
    return {name[0]: _version(name[0]) for name in names if name is not None}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
