"""The real Debian cron on a crontab of its own, in a place where it sees nothing of the machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from faketime_clock import LIBRARY, NEEDS_FAKETIME

_CRON = Path("/usr/sbin/cron")
_CRONTABS, _SYSTEM_CRONTAB = Path("/var/spool/cron/crontabs"), Path("/etc/crontab")
_PLACES = (_CRONTABS, Path("/etc/cron.d"), Path("/run"))  # built into cron


def _what_is_missing() -> str:
    if not _CRON.exists() or not _CRONTABS.exists() or not Path("/etc/debian_version").exists():
        return "Debian's cron is not installed"
    if LIBRARY is None or shutil.which("faketime") is None:
        return "the package faketime is not installed"
    if os.geteuid() != 0:
        return "cron needs root"
    probe = [*_IN_PRIVATE, "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "mount namespaces are not allowed here"
    return ""


_IN_PRIVATE = ["unshare", "--mount", "--propagation", "private"]
_MISSING = _what_is_missing()
NEEDS_DEBIAN_CRON = [
    *NEEDS_FAKETIME,
    pytest.mark.debian,
    pytest.mark.skipif(bool(_MISSING), reason=_MISSING or "nothing is missing"),
]


@contextmanager
def debian_cron(
    folder: Path, lines: list[str], *, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run cron with these lines of root's crontab and nothing else; its jobs get `environment`."""
    settings = [f"{name}={value}" for name, value in environment.items()]
    mounts = [_put(folder, place) for place in _PLACES]
    _write(folder / _CRONTABS.name / "root", ['MAILTO=""', *settings, *lines])
    if _SYSTEM_CRONTAB.exists():
        _write(folder / "system", [])
        mounts.append(f"mount --bind '{folder}/system' {_SYSTEM_CRONTAB}")
    script = " && ".join([*mounts, f"exec {_CRON} -f"])
    cron = subprocess.Popen(
        [*_IN_PRIVATE, "sh", "-c", script],
        env=os.environ | environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield cron
    finally:
        os.killpg(cron.pid, signal.SIGKILL)
        cron.wait()


def _put(folder: Path, place: Path) -> str:
    """Make an empty folder; return the command that puts it over one of the machine's."""
    ours = folder / place.name
    ours.mkdir(parents=True)
    return f"mount --bind '{ours}' {place}"


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))
    path.chmod(0o600)
