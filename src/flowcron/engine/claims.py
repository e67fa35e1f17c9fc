"""From due to claimed: each scheduled time of a job gets its run, started or with the reason."""

from __future__ import annotations

from flowcron.domain.instant import Instant
from flowcron.domain.planner import Decision, Plan, plan
from flowcron.domain.run import State, Trigger
from flowcron.engine.book import Entry, Live
from flowcron.engine.report import Kind
from flowcron.engine.turn import Turn
from flowcron.history import record
from flowcron.history.record import NewRun


def decide(turn: Turn, entry: Entry, plans: dict[object, Plan]) -> None:
    """Record a run for every time of the job that has come; start those that may start.

    `plans` is kept for one turn: jobs with the same schedule and cursor share the answer.
    """
    job = entry.job
    question = (
        tuple(schedule.key for schedule in entry.schedules),
        entry.cursor,
        job.missed,
        job.missed_within,
        entry.delay,
    )
    answer = plans.get(question)
    if answer is None:
        answer = plans[question] = plan(
            entry.schedules,
            missed=job.missed,
            missed_within=job.missed_within,
            cursor=entry.cursor,
            now=Instant(turn.now - entry.delay),
        )
    for decision in answer.decisions:
        claim(turn, entry, decision)
    entry.cursor = answer.decided_through
    if answer.decisions:  # a cursor that has passed no time need not be written down
        record.decided(turn.db, entry.id, through=answer.decided_through)


def claim(turn: Turn, entry: Entry, decision: Decision) -> bool:
    """Record what was decided about one time of a job; return whether its run begins or waits."""
    state, reason, waits = decision.state, decision.reason, False
    pause = turn.book.pauses.get(entry.id)
    if not entry.job.enabled:
        state, reason = State.SKIPPED, "disabled"
    elif pause is not None and pause.holds(decision.scheduled_at):
        state, reason = State.SKIPPED, f"paused: {pause.reason}" if pause.reason else "paused"
    elif state is State.QUEUED and (earlier := record.open_run_of(turn.db, entry.id)) is not None:
        waits = decision.trigger is Trigger.CATCH_UP or entry.id in turn.book.waiting
        if not waits:
            state, reason = State.SKIPPED, f"run {earlier} was still running"
    run = record.claim(
        turn.db,
        NewRun(
            entry.id,
            entry.definition_id,
            state,
            decision.trigger,
            turn.now,
            scheduled_at=decision.scheduled_at,
            generation=entry.generation,
            reason=reason,
            covers=decision.covers,
        ),
    )
    if run is None:  # another scheduler recorded this time before it died
        return False
    if state is not State.QUEUED:
        kind = Kind.MISSED if state is State.MISSED else Kind.SKIPPED
        turn.say(kind, reason or state, job=entry.job.name, run=run, times=decision.covers)
        return False
    live = live_run(entry, run, scheduled_at=decision.scheduled_at)
    if waits:
        turn.book.wait(live)
    else:
        turn.begin(live)
    return True


def live_run(entry: Entry, run: int, *, scheduled_at: Instant | None) -> Live:
    """Return a new run of the job as it is kept in memory."""
    return Live(run, entry.job, entry.id, scheduled_at, previous_success=entry.previous_success)
