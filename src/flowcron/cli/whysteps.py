"""What led to a run as it is: who scheduled then, what was decided, each attempt, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from flowcron.app.asking import scheduler_pid
from flowcron.cli.context import Session, since
from flowcron.cli.words import SYMBOLS, result, took
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Job, Missed, Timed
from flowcron.domain.run import State, Trigger
from flowcron.domain.schedule import schedule_of
from flowcron.domain.snapshot import job_from
from flowcron.domain.times import short
from flowcron.history import ledger
from flowcron.history.attempts import AttemptRow, attempts_of
from flowcron.history.known import definition_of_run
from flowcron.history.query import RunRow, run_numbered
from flowcron.history.schedulers import SchedulerRecord

_STILL_RUNNING = re.compile(r"run ([0-9]{1,18}) was still running")
_LATE = SECOND


class Step(NamedTuple):
    """Something that happened, and when."""

    at: Instant
    text: str


def steps_of(session: Session, run: RunRow) -> list[Step]:
    """Return what led to a run of a scheduled time, in order."""
    steps = [*schedulers_around(session, run.at, until=run.recorded_at), *_decided(session, run)]
    until = max(run.recorded_at, run.finished_at or run.started_at or run.recorded_at)
    steps += [Step(*event) for event in ledger.events_between(session.history, run.at, until)]
    steps += _attempts(session, run)
    return sorted(steps, key=lambda step: step.at)


def schedulers_around(session: Session, at: Instant, *, until: Instant) -> Iterator[Step]:
    """Yield the starts and ends of schedulers: of the last before a time, and of those until then.

    Of the first only the end is said where it came before the time.
    """
    found = ledger.schedulers_between(session.history, at, until)
    for each, following in pairwise([*found, None]):
        if each is None:
            return
        end = _end(session, each, following)
        if end is None or end.at >= at or each.started_at > at:
            yield Step(each.started_at, f"the scheduler started (pid {each.pid})")
        if end is not None and end.at < until:
            yield end


def missed_policy(job: Job) -> str:
    """Return what a job says about missed times, or what holds where it says nothing."""
    if job.missed is not None:
        return f'missed = "{job.missed}"'
    schedules = [schedule_of(when) for when in job.when if isinstance(when, Timed)]
    every = all(schedule.wildcard for schedule in schedules)
    return f'missed = "{Missed.SKIP if every else Missed.ONCE}" (the default)'


def _end(
    session: Session, scheduler: SchedulerRecord, following: SchedulerRecord | None
) -> Step | None:
    """Return the end of a scheduler, or None while it runs."""
    if scheduler.stopped_at is not None:
        why = f" ({scheduler.stop_reason})" if scheduler.stop_reason else ""
        return Step(scheduler.stopped_at, f"the scheduler stopped{why}")
    if following is None and scheduler_pid(session.history_path) is not None:
        return None
    before = session.now if following is None else following.started_at
    sign = ledger.last_sign(session.history, before) or scheduler.started_at
    what = "the last that is known of the scheduler: it ended without a word"
    if following is not None and following.boot != scheduler.boot:
        what = f"{what}, and the machine was started again"
    return Step(max(sign, scheduler.started_at), what)


def _decided(session: Session, run: RunRow) -> Iterator[Step]:
    """Yield what was decided about a scheduled time when it was recorded."""
    job = job_from(run.job, definition_of_run(session.history, run.id))
    if run.trigger == Trigger.CATCH_UP or run.state == State.MISSED:
        count = ledger.times_decided_with(session.history, run)
        times = f"{count} times of {run.job} had" if count > 1 else f"1 time of {run.job} had"
        yield Step(run.recorded_at, f"{times} passed, {missed_policy(job)}")
    if run.trigger == Trigger.CATCH_UP and run.state != State.MISSED:
        late = human_duration(since(run.at, run.recorded_at))
        yield Step(run.recorded_at, f"run {run.id} makes it up, {late} late{_covers(run)}")
    elif run.state == State.MISSED:
        yield _instead(session, run)
    elif run.state == State.SKIPPED:
        yield Step(run.recorded_at, _skipped(session, run, job))
    elif not run.attempts:
        yield Step(run.recorded_at, f"run {run.id} was recorded: {run.state}")


def _covers(run: RunRow) -> str:
    return f", for {run.covers} times" if run.covers and run.covers > 1 else ""


def _instead(session: Session, run: RunRow) -> Step:
    """Return what ran in the place of a missed time, or that nothing did."""
    instead = ledger.run_in_place_of(session.history, run)
    if instead is None:
        return Step(run.recorded_at, f"recorded as missed: {run.reason}{_covers(run)}")
    when = short(instead.at, session.now, session.zone)
    said = f"run {instead.id} (of {when}) started in its place {_result(session, instead)}"
    return Step(instead.started_at or instead.recorded_at, said)


def _skipped(session: Session, run: RunRow, job: Job) -> str:
    """Return why a time was left out, with what the run that was in the way did."""
    match = _STILL_RUNNING.fullmatch(run.reason or "")
    earlier = run_numbered(session.history, int(match[1])) if match else None
    if earlier is None or earlier.started_at is None:
        return f"skipped: {run.reason or 'nobody wrote down why'}"
    begun = short(earlier.started_at, session.now, session.zone)
    end = ""
    if earlier.finished_at is not None:
        end = f" and ended {short(earlier.finished_at, session.now, session.zone)}"
    said = f"run {earlier.id} was still running: it started {begun}{end}"
    return f'skipped, overlap = "{job.overlap}": {said}'


def _attempts(session: Session, run: RunRow) -> Iterator[Step]:
    """Yield the start and the end of each attempt."""
    attempts = attempts_of(session.history, run.id)
    for attempt in attempts:
        name = f"run {run.id}" if len(attempts) == 1 else f"attempt {attempt.number}"
        if attempt.started_at is not None:
            late = attempt.started_at - run.at
            first = attempt.number == 1 and run.trigger == Trigger.SCHEDULE
            said = f", {_length(late)} late" if first and late >= _LATE else ""
            yield Step(attempt.started_at, f"{name} started{said}")
        if attempt.finished_at is not None:
            yield Step(attempt.finished_at, f"{name} {_ended(attempt)}")
    if run.state == State.RETRYING and run.retry_at is not None:
        yield Step(run.retry_at, "the next attempt is due")


def _ended(attempt: AttemptRow) -> str:
    said = attempt.reason or ("ok" if attempt.state == State.SUCCESS else attempt.state)
    said = f"{SYMBOLS[attempt.state].text} {said}"
    if attempt.started_at is None or attempt.finished_at is None:
        return said
    return f"{said} after {took(since(attempt.started_at, attempt.finished_at))}"


def _result(session: Session, run: RunRow) -> str:
    """Return "✓ ok 4m 02s"."""
    said = "".join(span.text for span in result(run, session.now))
    return f"{SYMBOLS[run.state].text} {said} {took(run.duration)}".rstrip()


def _length(microseconds: int) -> str:
    return human_duration(timedelta(microseconds=microseconds))
