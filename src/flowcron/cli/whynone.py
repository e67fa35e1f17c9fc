"""Why a time of a job has no run: it is to come, it is none of its times, nobody was there."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from flowcron.app.asking import scheduler_pid
from flowcron.cli.context import Session
from flowcron.cli.describe import schedule_text
from flowcron.cli.whysteps import Step, missed_policy, schedulers_around
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job, Timed
from flowcron.domain.schedule import Schedule, schedule_of
from flowcron.domain.snapshot import job_from
from flowcron.domain.times import relative, short
from flowcron.history import ledger
from flowcron.history.pauses import pauses
from flowcron.history.query import RunRow

_YEAR = 31_557_600_000_000
_FAR = 50 * _YEAR


class Absence(StrEnum):
    """Why there is no run, in one word for programs."""

    DUE = "due"
    NOT_DUE = "not_due"
    DISABLED = "disabled"
    PAUSED = "paused"
    NOT_SEEN = "not_seen"
    UNDECIDED = "undecided"
    MISSED = "missed"
    UNRECORDED = "unrecorded"


class Answer(NamedTuple):
    """Why a time has no run of its own; `run` stands for it where one does."""

    state: Absence
    reason: str
    run: RunRow | None = None
    steps: tuple[Step, ...] = ()


class Neighbours(NamedTuple):
    """The times of a job before and after another."""

    before: Instant | None
    after: Instant | None


def neighbours(job: Job, at: Instant) -> Neighbours:
    """Return the times next to an instant that its present schedule gives a job."""
    schedules = _schedules(job)
    floor, end = Instant(at - _FAR), Instant(at - 1)
    before = [found for one in schedules if (found := one.last(end, floor)) is not None]
    after = [found for one in schedules if (found := one.next(at)) is not None]
    return Neighbours(max(before, default=None), min(after, default=None))


def is_due(job: Job, at: Instant) -> bool:
    """Return whether an instant is one of the times of a job."""
    return any(one.next(Instant(at - 1)) == at for one in _schedules(job))


def why_none(session: Session, job: Job, at: Instant) -> Answer:
    """Return why history has no run of a time of a job."""
    first = ledger.first_seen(session.history, job.name)
    if first is None:
        return Answer(Absence.NOT_SEEN, "no scheduler has seen this job yet")
    known = None if at > session.now else ledger.definition_at(session.history, job.name, at)
    then = job if known is None else job_from(job.name, known.body)
    if not is_due(then, at):
        return Answer(
            Absence.NOT_DUE, _not_due(session, then, at, word="" if then == job else "then ")
        )
    if at > session.now:
        return _to_come(session, job, at)
    if known is None:
        seen = short(first, session.now, session.zone)
        reason = f"{job.name} was seen for the first time {seen}: no earlier time is missed"
        return Answer(Absence.NOT_SEEN, reason)
    return _without_row(session, then, at)


def _to_come(session: Session, job: Job, at: Instant) -> Answer:
    if not job.enabled:
        return Answer(Absence.DISABLED, "it will be recorded as skipped: the job is disabled")
    held = pauses(session.history, now=session.now).get(job.name)
    if held is not None and held.holds(at):
        why = f": {held.reason}" if held.reason else ""
        return Answer(Absence.PAUSED, f"it will be recorded as skipped, {held.by} paused it{why}")
    reason = f"it will run {relative(at, session.now)}"
    if scheduler_pid(session.history_path) is None:
        reason += ", if a scheduler runs then: now there is none"
    return Answer(Absence.DUE, reason)


def _without_row(session: Session, job: Job, at: Instant) -> Answer:
    """Return why a time that has passed has no row."""
    summary = ledger.summary_after(session.history, job.name, at)
    if summary is not None:
        said = f"missed: run {summary.id} {summary.reason}"
        steps = schedulers_around(session, at, until=summary.recorded_at)
        return Answer(Absence.MISSED, said, summary, tuple(steps))
    there = tuple(schedulers_around(session, at, until=session.now))
    decided = ledger.decided_through(session.history, job.name)
    if decided is None or at > decided:
        if scheduler_pid(session.history_path) is not None:
            return Answer(Absence.UNDECIDED, "the scheduler is about to decide", steps=there)
        reason = f"no scheduler has run since; the next one decides, {missed_policy(job)}"
        return Answer(Absence.UNDECIDED, reason, steps=there)
    reason = "history has no record of it: it was pruned, or the job was not configured then"
    return Answer(Absence.UNRECORDED, reason, steps=there)


def _not_due(session: Session, job: Job, at: Instant, *, word: str) -> str:
    if not _schedules(job):
        return f"{job.name} has no times of its own, it runs {schedule_text(job)}"
    said = word + schedule_text(job, zone=session.zone_name)
    around = neighbours(job, at)
    named = []
    if around.before is not None:
        named.append(f"before it comes {short(around.before, session.now, session.zone)}")
    if around.after is not None:
        named.append(f"after it {short(around.after, session.now, session.zone)}")
    return f"not a time of {job.name} ({said}): {', '.join(named)}"


def _schedules(job: Job) -> list[Schedule]:
    return [schedule_of(when) for when in job.when if isinstance(when, Timed)]
