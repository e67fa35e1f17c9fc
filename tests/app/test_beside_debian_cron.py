"""Nights with a clock change: the real Debian cron and flowcron, side by side on one clock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from fakes import poll
from faketime_clock import hurried
from faketime_cron import NEEDS_DEBIAN_CRON, debian_cron
from flowcron.domain.instant import instant
from flowcron.supervisor.address import SOCKET

if TYPE_CHECKING:
    from installed import Installed

pytestmark = [*NEEDS_DEBIAN_CRON, pytest.mark.slow, pytest.mark.timeout(300)]

BERLIN = "Europe/Berlin"
SPEED = 150
EXPRESSIONS = {
    "fixed": "30 2 * * *",
    "both": "10,50 2,3 * * *",
    "stepped": "0 1-4/1 * * *",
    "three": "0 3 * * *",
    "quarters": "*/15 * * * *",
    "hourly": "0 * * * *",
    "wild": "*/20 2-3 * * *",
    "star": "45 */2 * * *",
    "sunday": "30 2 * * SUN",
    "monday": "15 3 * * 1",
}
GRID = 5 * 60  # s: every time is on it; a start up to 2 s of ours late still counts for its time


NIGHTS = [
    pytest.param("2027-10-31 01:40", "10 3 31 10 *", {"monday"}, id="an-hour-twice"),
    pytest.param("2027-03-28 01:40", "10 4 28 3 *", {"monday", "star"}, id="an-hour-missing"),
]


@pytest.mark.parametrize(("start", "last", "silent"), NIGHTS)
def test_flowcron_and_debians_cron_run_the_same_jobs_at_the_same_times(
    flowcron: Installed, start: str, last: str, silent: set[str]
) -> None:
    expressions = EXPRESSIONS | {"last": last}
    witness = _witness(flowcron.folder)
    flowcron.configure(
        f'[defaults]\ntimezone = "{BERLIN}"\nmissed = "all"\n'  # a slow machine is no difference
        + "".join(
            f'[jobs.{name}]\ncron = "{cron}"\ncommand = "{witness} {name} flowcron"\n'
            for name, cron in expressions.items()
        )
    )
    lines = [f"{cron} {witness} {name} cron" for name, cron in expressions.items()]

    with (
        hurried(start, speed=SPEED, zone=BERLIN) as clock,
        debian_cron(flowcron.folder / "cron", lines, environment=clock),
        _patient_supervisor(flowcron, clock),
    ):
        flowcron.start_and_wait(**clock)
        poll(lambda: _ran(flowcron.folder, "cron", "last"), seconds=200)
        poll(lambda: _ran(flowcron.folder, "flowcron", "last"), seconds=20)

    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(BERLIN)) + timedelta(minutes=20)
    assert flowcron.rows("SELECT 1 FROM schedulers WHERE started_at < ?", instant(begin))
    theirs, ours = (_times(flowcron.folder, who, since=begin) for who in ("cron", "flowcron"))
    assert set(ours) == set(theirs)  # cron starts a job once for each of several skipped times
    assert len(ours) == len(set(ours))
    assert {job for _, job in ours} == expressions.keys() - silent


@contextmanager
def _patient_supervisor(flowcron: Installed, clock: dict[str, str]) -> Iterator[None]:
    """Start a supervisor ahead: on a hurried clock a scheduler has no patience with it."""
    state = flowcron.folder / ".flowcron"
    state.mkdir(mode=0o700)
    supervisor = subprocess.Popen(
        [sys.executable, "-P", "-m", "flowcron.supervisor", str(state), "--linger", "1e6"],
        env=os.environ | clock,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        poll((state / SOCKET).exists)
        yield
    finally:
        flowcron.end_everything()
        supervisor.kill()
        supervisor.wait()


def _witness(folder: Path) -> Path:
    """Return a script that writes down what was started, by whom and when."""
    script = folder / "witness"
    script.write_text(f"#!/bin/sh\necho $1 $(date +%s) >> '{folder}'/by-$2\n")
    script.chmod(0o755)
    return script


def _starts(folder: Path, who: str) -> list[tuple[str, int]]:
    file = folder / f"by-{who}"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(job, int(at)) for job, at in (line.split() for line in lines)]


def _ran(folder: Path, who: str, job: str) -> bool:
    return job in {started for started, _ in _starts(folder, who)}


def _times(folder: Path, who: str, *, since: datetime) -> list[tuple[str, str]]:
    """Return (wall time, job) of each start, as often as there were starts."""
    return sorted(
        (datetime.fromtimestamp(at // GRID * GRID, ZoneInfo(BERLIN)).isoformat(), job)
        for job, at in _starts(folder, who)
        if at >= since.timestamp()
    )
