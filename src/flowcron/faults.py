"""Crash points and delays for the tests of recovery: nothing at all outside them.

With ``FLOWCRON_TEST=1``, ``FLOWCRON_CRASH_AT=point[:probability]`` kills the process with SIGKILL
when it reaches that point, and ``FLOWCRON_DELAY_AT=point:seconds`` makes it sleep there.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

POINTS = (
    "claim-before-commit",
    "claim-committed",
    "spawn-sent",
    "spawn-received",
    "spawn-started",
    "started-received",
    "exited-unsent",
    "exited-received",
    "finish-committed",
    "acked",
    "judge-asked",
    "alert-leased",
    "alert-sent",
    "recovery-read",
    "recovery-committed",
)


def _nothing(point: str) -> None:
    """Do nothing: this process is not under test."""


def _from_environment(environ: os._Environ[str]) -> Callable[[str], None]:
    crash, delay = environ.get("FLOWCRON_CRASH_AT"), environ.get("FLOWCRON_DELAY_AT")
    if not crash and not delay:
        return _nothing
    if environ.get("FLOWCRON_TEST") != "1":
        raise SystemExit("FLOWCRON_CRASH_AT and FLOWCRON_DELAY_AT need FLOWCRON_TEST=1")
    import random  # noqa: PLC0415 0.8 MB that a supervisor need not carry

    crash_point, _, probability = (crash or "").partition(":")
    delay_point, _, seconds = (delay or "").partition(":")
    for point in (crash_point, delay_point):
        if point and point not in POINTS:
            raise SystemExit(f"no crash point {point!r}; there are: {', '.join(POINTS)}")

    def reach(point: str) -> None:
        if point == delay_point:
            time.sleep(float(seconds))
        if point == crash_point and random.random() < float(probability or 1):  # noqa: S311 chance, no secret
            os.kill(os.getpid(), signal.SIGKILL)

    return reach


reach = _from_environment(os.environ)
