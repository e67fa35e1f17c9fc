"""Crash points and delays for the tests of recovery: nothing at all outside them.

With ``FLOWCRON_TEST=1``, ``FLOWCRON_CRASH_AT=point`` kills the process with SIGKILL when it reaches
that point, ``point:probability`` by chance each time, ``point#n`` at the nth time; and
``FLOWCRON_DELAY_AT=point:seconds`` makes it sleep there, each time.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from itertools import count

POINTS = (
    # of the scheduler
    "claim-before-commit",  # the row of a run is written, not durable
    "claim-committed",  # durable, its process not asked for
    "spawn-sent",
    "started-received",
    "exited-received",
    "finish-committed",  # the end is durable, the supervisor still holds it
    "acked",
    "judge-asked",
    "retry-due",  # the next attempt of a run is about to begin
    "chain-claimed",  # the next run of a chain is written, not durable
    "queue-left",  # a run that waited is about to begin
    "request-applied",  # what somebody asked for is written, not durable
    "request-committed",  # durable, nobody was told
    "alert-leased",
    "alert-sent",
    "recovery-read",
    "recovery-committed",
    # of the supervisor
    "spawn-received",
    "spawn-started",
    "exited-unsent",
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

    crash_point, mark, when = _parts(crash or "")
    delay_point, _, seconds = _parts(delay or "")
    for point in (crash_point, delay_point):
        if point and point not in POINTS:
            raise SystemExit(f"no crash point {point!r}; there are: {', '.join(POINTS)}")
    times = count(1)

    def reach(point: str) -> None:
        if point == delay_point:
            time.sleep(float(seconds))
        if point != crash_point:
            return
        is_time = next(times) == int(when) if mark == "#" else random.random() < float(when or 1)  # noqa: S311 chance, no secret
        if is_time:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach


def _parts(text: str) -> tuple[str, str, str]:
    return text.partition("#") if "#" in text else text.partition(":")


reach = _from_environment(os.environ)
