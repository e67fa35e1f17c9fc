"""What a scheduler does with the runs that another one left: the table in architecture.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowcron.domain.instant import micros
from flowcron.domain.outcome import Lost
from flowcron.domain.ports import Process
from flowcron.domain.run import State, log_name
from flowcron.domain.snapshot import job_from
from flowcron.engine.admission import admit
from flowcron.engine.book import Live
from flowcron.engine.cancel import ask_to_end, close_cancelled
from flowcron.engine.finish import conclude, finish, outcome_of
from flowcron.engine.report import Kind
from flowcron.engine.schedules import in_window
from flowcron.engine.turn import Turn
from flowcron.engine.unusual import watch_for_slow
from flowcron.history import record
from flowcron.history.open_runs import OpenRun, open_runs

Message = dict[str, Any]
Known = dict[tuple[int, int], Message]

_REBOOTED = "the machine went down in mid-run"
_NO_TRACE = "its supervisor is gone and there is no trace of the process"


@dataclass(frozen=True, slots=True)
class Supervision:
    """Who supervises now, and of which attempts it knows."""

    supervisor_id: int
    boot: str
    known: Known


def recover(turn: Turn, supervision: Supervision) -> list[Message]:
    """Settle every run that is not over; return the supervisor's messages that are to be taken in.

    They are also those of attempts that are over in history: their ends were not acknowledged.
    """
    of_open: list[Message] = []
    known = dict(supervision.known)
    waiting: list[Live] = []
    left = [run for run in open_runs(turn.db) if not _is_owned(turn, run, supervision.boot)]
    for run in _settle_attempts(turn, left, supervision):
        live = _live(run)
        message = known.pop((run.run, run.number), None) if run.attempt_is_open else None
        if message is not None:
            turn.goes_on(live)
            watch_for_slow(turn, live)
            of_open.append(message)
            if message["ev"] == "started":
                turn.say(Kind.ADOPTED, "survived", live, pid=message["pid"])
                if live.cancelled_by and message.get("why") is None:  # nobody had told it
                    ask_to_end(turn, live)
        elif run.owner is not None:
            _abandoned(turn, live)
        elif run.retry_at is not None:
            turn.book.count_in(live)
            turn.book.retry_later(live, run.retry_at)
            watch_for_slow(turn, live)
        else:
            if live.number:
                turn.book.count_in(live)
            waiting.append(live)
    for live in sorted(waiting, key=lambda each: (-each.job.priority, each.run)):
        admit(turn, live)
    return [*known.values(), *of_open]


def reap(turn: Turn, supervision: Supervision, *, adopt: bool) -> None:
    """Settle the runs whose foreground command has died (architecture, rule 7).

    A process that outlived its command goes on: `adopt` gives it to the supervisor, else it is left
    alone and keeps others of its job from starting.
    """
    dead = [
        run
        for run in open_runs(turn.db)
        if run.owner is not None
        and run.run not in turn.book.live
        and not _is_owned(turn, run, supervision.boot)
    ]
    for run in _settle_attempts(turn, dead, supervision, may_adopt=adopt):
        _abandoned(turn, _live(run))


def _settle_attempts(
    turn: Turn, runs: list[OpenRun], supervision: Supervision, *, may_adopt: bool = True
) -> list[OpenRun]:
    """Decide about attempts that the supervisor does not know; return the runs that have none."""
    traces = turn.processes.with_token(frozenset(_tokens_without_pid(runs, supervision)))
    rest = []
    for run in runs:
        if not run.attempt_is_open or (run.run, run.number) in supervision.known:
            rest.append(run)
        else:
            trace = traces.get(run.token or "")
            _settle(turn, run, supervision, trace, may_adopt=may_adopt)
    return rest


def _is_owned(turn: Turn, run: OpenRun, boot: str) -> bool:
    """Return whether a living process runs it in the foreground."""
    return (
        run.owner is not None
        and run.owner_boot == boot
        and turn.processes.is_alive(Process(*run.owner))
    )


def _tokens_without_pid(runs: list[OpenRun], supervision: Supervision) -> list[str]:
    """Return the tokens to look for in the environments of all processes."""
    return [
        run.token
        for run in runs
        if run.token
        and run.pid is None
        and run.attempt_is_open
        and run.boot == supervision.boot
        and run.supervisor_id != supervision.supervisor_id
    ]


def _live(run: OpenRun) -> Live:
    process = None
    if run.attempt_is_open and run.pid is not None:
        process = Process(run.pid, run.pid_started, run.pid_inode)
    return Live(
        run.run,
        job_from(run.job, run.body),
        run.job_id,
        run.scheduled_at,
        state=run.state,
        number=run.number,
        token=run.token or "",
        started_at=run.started_at,
        attempt_started_at=run.attempt_started_at,
        process=process,
        retry_at=run.retry_at,
        retries_left=run.retries,
        due_at=run.due_at,
        chain=run.chain,
        is_slow=run.is_slow,
        waited_before=run.waits,
        cancelled_by=run.cancelled_by,
    )


def _settle(
    turn: Turn,
    run: OpenRun,
    supervision: Supervision,
    trace: Process | None,
    *,
    may_adopt: bool,
) -> None:
    live = _live(run)
    if run.owner is not None:  # whoever could want it again is gone
        live.retries_left = False
    if run.supervisor_id is None and run.owner is not None:
        record.attempt_dropped(turn.db, run.run, run.number)
        live.number -= 1
        _abandoned(turn, live)
        return
    if run.supervisor_id in {None, supervision.supervisor_id}:
        _never_started(turn, live)
        return
    if run.boot != supervision.boot:
        _lost(turn, live, _REBOOTED)
        return
    alive = live.process is not None and turn.processes.is_alive(live.process)
    live.process = live.process if alive or trace is None else trace
    if alive or trace is not None:
        if may_adopt:
            adopt(turn, live)
        return
    status = None if live.process is None else turn.processes.status_of(live.process.pid)
    if status is None:
        _lost(turn, live, _NO_TRACE)
    else:
        turn.goes_on(live)
        conclude(turn, live, outcome_of(turn, live, {"status": status}), {"at": turn.now})


def _abandoned(turn: Turn, live: Live) -> None:
    """Close a run whose foreground command died between two attempts: nobody waits for it."""
    state = State.FAILED if live.number else State.CANCELLED
    reason = "the command that ran it died before the next attempt"
    record.run_closed(turn.db, live.run, state=state, at=turn.now, reason=reason)
    turn.run_over(live, state, at=turn.now, reason=reason)
    turn.say(Kind.ENDED, reason, live, state=state)


def _never_started(turn: Turn, live: Live) -> None:
    """Start it if it is still in its window; a first attempt that is too late was missed."""
    if live.cancelled_by:
        record.attempt_dropped(turn.db, live.run, live.number)
        close_cancelled(turn, live)
        return
    if live.number == 1 and not in_window(live.job, live.scheduled_at, now=turn.now):
        reason = "claimed, and the scheduler died before it could start"
        record.attempt_dropped(turn.db, live.run, live.number)
        record.run_closed(turn.db, live.run, state=State.MISSED, at=turn.now, reason=reason)
        turn.run_over(live, State.MISSED, at=turn.now, reason=reason)
        turn.say(Kind.MISSED, reason, live)
        return
    turn.begin_again(live)


def adopt(turn: Turn, live: Live) -> None:
    """Let the supervisor take over a process that another one started, if it still lives."""
    if live.process is None:
        raise ValueError("only a known process can be adopted")
    job, started = live.job, live.attempt_started_at or turn.now
    record.attempt_moved(turn.db, live.run, live.number, supervisor_id=turn.supervisor_id)
    turn.goes_on(live)
    watch_for_slow(turn, live)
    turn.spawns.append(
        {
            "op": "adopt",
            "run": live.run,
            "attempt": live.number,
            "token": live.token,
            "pid": live.process.pid,
            "pid_started": live.process.started,
            "pid_inode": live.process.inode,
            "started_at": started,
            "deadline": job.timeout and started + micros(job.timeout),
            "kill_after": job.kill_after.total_seconds(),
            "log": log_name(live.run, live.number, history=turn.history_id),
            "log_limit": job.log_limit,
            **({"secrets": dict(job.secrets)} if job.secrets else {}),
        }
    )
    if live.cancelled_by:  # who was to kill it is gone
        ask_to_end(turn, live)
    turn.say(Kind.ADOPTED, "survived its supervisor", live, pid=live.process.pid)


def _lost(turn: Turn, live: Live, why: str) -> None:
    turn.goes_on(live)
    finish(turn, live, Lost(why), {"at": turn.now})
