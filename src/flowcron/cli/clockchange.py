"""What a clock change does to one time of a job, in words."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from flowcron.domain.cron import CronExpression, parse_cron
from flowcron.domain.instant import SECOND, Instant, moment
from flowcron.domain.job import Cron, Job


def clock_change(job: Job, at: Instant) -> str | None:
    """Return what the clocks do at a time of a job, or None when they do nothing there."""
    for when in job.when:
        if isinstance(when, Cron):
            expression = parse_cron(when.text)
            note = None if expression.wildcard else _note(expression, ZoneInfo(when.timezone), at)
            if note is not None:
                return note
    return None


def _note(expression: CronExpression, zone: ZoneInfo, at: Instant) -> str | None:
    here, before = moment(at, zone), moment(Instant(at - SECOND), zone)
    gap = (here.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
    written = here.minute in expression.minute.values and here.hour in expression.hour.values
    if gap > timedelta() and not written:
        return f"clocks go forward from {(here - gap):%H:%M} to {here:%H:%M}: moved to {here:%H:%M}"
    again = here.replace(fold=1).utcoffset() != here.replace(fold=0).utcoffset()
    if again and here.fold == 0 and here.replace(fold=1).utcoffset() < here.utcoffset():  # type: ignore[operator] # an aware time has an offset
        return f"clocks go back, {here:%H:%M} happens twice: only the first time"
    return None
