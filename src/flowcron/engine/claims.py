"""From due to claimed: each scheduled time of a job gets its run, started or with the reason."""

from __future__ import annotations

from flowcron.domain.alerting import Event
from flowcron.domain.instant import Instant, moment
from flowcron.domain.overlap import Start, on_overlap
from flowcron.domain.planner import Decision, Plan, plan
from flowcron.domain.run import State, Trigger
from flowcron.domain.schedule import zone_of
from flowcron.engine.admission import admit
from flowcron.engine.alerts import tell
from flowcron.engine.book import Entry, LineKind, Live
from flowcron.engine.cancel import cancel
from flowcron.engine.report import Kind
from flowcron.engine.turn import Over, Turn
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
        claim_time(turn, entry, decision)
    _tell_of_missed(turn, entry, answer)
    entry.cursor = answer.decided_through
    if answer.decisions:  # a cursor that has passed no time need not be written down
        record.decided(turn.db, entry.id, through=answer.decided_through)


def _tell_of_missed(turn: Turn, entry: Entry, answer: Plan) -> None:
    """Tell of times that were missed, unless a later one runs in their place."""
    missed = [each for each in answer.decisions if each.state is State.MISSED]
    made_up = any(each.trigger is Trigger.CATCH_UP for each in answer.decisions)
    if missed and not made_up and entry.job.alert:
        zone = zone_of(entry.job.timezone)
        first, last = (
            f"{moment(at, zone):%Y-%m-%d %H:%M}"
            for at in (missed[0].scheduled_at, missed[-1].scheduled_at)
        )
        count = sum(each.covers or 1 for each in missed)
        span = first if count == 1 else f"{count} times from {first} to {last}"
        tell(turn, entry.job, Event.MISSED, f"missed {span}", job_id=entry.id, run=None)


def new_run(turn: Turn, entry: Entry, decision: Decision) -> NewRun:
    """Return the run that records what was decided about one time of a job."""
    return NewRun(
        entry.id,
        entry.definition_id,
        decision.state,
        decision.trigger,
        turn.now,
        scheduled_at=decision.scheduled_at,
        generation=entry.generation,
        reason=decision.reason,
        covers=decision.covers,
    )


def claim_time(turn: Turn, entry: Entry, decision: Decision) -> bool:
    """Record what was decided about one time of a job; return whether its run begins or waits."""
    new = new_run(turn, entry, decision)
    return claim(turn, entry, new, due_at=decision.scheduled_at) is not None


def claim(
    turn: Turn,
    entry: Entry,
    new: NewRun,
    *,
    due_at: Instant | None,
    is_wanted: bool = False,
    is_forced: bool = False,
) -> Live | None:
    """Record a run and let it begin, or wait, as its job says; None for one that does neither.

    `due_at` is the time that its process is told. A job that is off, and a run before it that is
    not over, turn it into a row that says why it did not start; what a person wants is not left out
    for the first, and with `is_forced` for neither.
    """
    start = Start.BEGINS
    others: tuple[int, ...] = ()
    left_out = None if is_wanted else _left_out(turn, entry, new)
    if left_out is not None:
        new = new._replace(state=State.SKIPPED, reason=left_out)
    elif new.state is State.QUEUED and not is_forced:
        others = tuple(record.open_runs_of(turn.db, entry.id))
        start = _start_beside(turn, entry, others, new.trigger)
    if start is Start.SKIPPED:
        new = new._replace(state=State.SKIPPED, reason=_still(turn, others[0]))
    run = record.claim(turn.db, new)
    if run is None:  # another scheduler recorded this time before it died
        return None
    if new.state is not State.QUEUED:
        _say_not_started(turn, entry, run, new)
        return None
    live = Live(
        run,
        entry.job,
        entry.id,
        new.scheduled_at,
        retries_left=bool(new.retries),
        previous_success=entry.previous_success,
        due_at=due_at,
        chain=new.chain,
        is_forced=is_forced,
    )
    if start is Start.REPLACES:
        _replace(turn, others, by=run)
    if start is Start.BEGINS:
        admit(turn, live, is_only=not others)
    else:
        admit(turn, live)
    return live


def _left_out(turn: Turn, entry: Entry, new: NewRun) -> str | None:
    """Return why the job does not run now at all, or None; what is skipped anyway stays so."""
    if new.state is State.SKIPPED:
        return None
    if not entry.job.enabled:
        return "disabled"
    pause = turn.book.pauses.get(entry.id)
    if pause is None or not pause.holds(new.scheduled_at or turn.now):
        return None
    return f"paused: {pause.reason}" if pause.reason else "paused"


def _start_beside(turn: Turn, entry: Entry, others: tuple[int, ...], trigger: Trigger) -> Start:
    queue = turn.book.first_in((LineKind.JOB, entry.id)) is not None
    is_late = trigger is Trigger.CATCH_UP
    return on_overlap(entry.job, others=len(others), queue=queue, catch_up=is_late)


def _still(turn: Turn, run: int) -> str:
    live = turn.book.live.get(run)
    is_waiting = live is not None and live.waits_at is not None
    return f"run {run} was still {'waiting' if is_waiting else 'running'}"


def _replace(turn: Turn, others: tuple[int, ...], *, by: int) -> None:
    """End the runs whose place a new one takes; those of other processes end by themselves."""
    for run in others:
        if (live := turn.book.live.get(run)) is not None:
            cancel(turn, live, by=f'run {by}, overlap = "replace"')


def _say_not_started(turn: Turn, entry: Entry, run: int, new: NewRun) -> None:
    kind = Kind.MISSED if new.state is State.MISSED else Kind.SKIPPED
    turn.say(kind, new.reason or new.state, job=entry.job.name, run=run, times=new.covers)
    job, job_id = entry.job, entry.id
    over = Over(run, job.name, job_id, job, new.state, turn.now, new.reason, new.chain)
    turn.over.append(over)
