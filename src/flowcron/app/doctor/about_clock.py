"""The clock: something keeps it right, and nobody has set it lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, warning, well
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant, micros, moment
from flowcron.history.ledger import CLOCK_STEP, events_since
from flowcron.system.timekeeping import Keeping, timekeeping

_RECENT = micros(timedelta(days=7))


def clock(case: Case) -> Iterator[Finding]:
    """Check that the clock is kept right, and that no scheduler has seen it jump lately."""
    yield from _steps(case)
    yield judge_keeping(timekeeping())


def judge_keeping(keeping: Keeping | None) -> Finding:
    """Return what there is to say about how a clock is kept, as far as the system tells."""
    if keeping is None:
        return well("nobody knows whether the clock is right")
    if not keeping.is_kept:
        return warning(
            "nothing keeps the clock right: it is not synchronised",
            fix="timedatectl set-ntp true, or start chrony or ntpd; in a container on its host",
        )
    return well(f"clock synchronised, at most {human_duration(keeping.error)} wrong")


def _steps(case: Case) -> Iterator[Finding]:
    if case.history is None:
        return
    found = events_since(case.history, CLOCK_STEP, Instant(case.now - _RECENT))
    if found:
        last = found[-1]
        many = "once" if len(found) == 1 else f"{len(found)} times"
        yield warning(
            f"the clock was set {many} in 7 days, last {moment(last.at):%Y-%m-%d %H:%M} UTC: "
            f"{last.text}",
            fix="find out who sets it: journalctl --grep 'clock|time jumped'",
        )
