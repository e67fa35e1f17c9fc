"""What a scheduler does with the runs that another one left: the table in architecture.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowcron.domain.instant import micros
from flowcron.domain.job import Missed
from flowcron.domain.outcome import (
    Lost,
)
from flowcron.domain.planner import lateness_allowed
from flowcron.domain.ports import Process
from flowcron.domain.run import State, log_name
from flowcron.domain.snapshot import job_from
from flowcron.engine.book import Live
from flowcron.engine.finish import finish, start_waiting
from flowcron.engine.report import Kind
from flowcron.engine.schedules import schedules_of
from flowcron.engine.turn import Turn
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
    """Settle every run that is not over; return the supervisor's messages that are still news."""
    left = [run for run in open_runs(turn.db) if not _is_owned(turn, run, supervision.boot)]
    traces = turn.processes.with_token(frozenset(_tokens_without_pid(left, supervision)))
    news: list[Message] = []
    for run in left:
        live = _live(run)
        message = supervision.known.get((run.run, run.number))
        if run.attempt_is_open and message is not None:
            turn.book.begin(live)
            news.append(message)
            if message["ev"] == "started":
                turn.say(Kind.ADOPTED, "survived", live, pid=message["pid"])
        elif run.attempt_is_open:
            _settle(turn, run, live, supervision, traces.get(run.token or ""))
        elif run.owner is not None:
            _abandoned(turn, live)
        elif run.retry_at is not None:
            turn.book.begin(live)
            turn.book.retry_later(live, run.retry_at)
        else:
            turn.book.wait(live)
    for job_id in list(turn.book.waiting):
        start_waiting(turn, job_id)
    return news


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
    )


def _settle(
    turn: Turn, run: OpenRun, live: Live, supervision: Supervision, trace: Process | None
) -> None:
    """Decide about an attempt that the supervisor does not know."""
    if run.supervisor_id == supervision.supervisor_id:
        _never_started(turn, live)
    elif run.boot != supervision.boot:
        _lost(turn, live, _REBOOTED)
    elif live.process is not None and turn.processes.is_alive(live.process):
        adopt(turn, live)
    elif trace is not None:
        live.process = trace
        adopt(turn, live)
    else:
        _lost(turn, live, _NO_TRACE)


def _abandoned(turn: Turn, live: Live) -> None:
    """Close a run whose foreground command died between two attempts: nobody waits for it."""
    state = State.FAILED if live.number else State.CANCELLED
    reason = "the command that ran it died before the next attempt"
    record.run_closed(turn.db, live.run, state=state, at=turn.now, reason=reason)
    turn.say(Kind.ENDED, reason, live, state=state)


def _never_started(turn: Turn, live: Live) -> None:
    """Start it if it is still in its window; a first attempt that is too late was missed."""
    if live.number == 1 and not _in_window(turn, live):
        reason = "claimed, and the scheduler died before it could start"
        record.attempt_dropped(turn.db, live.run, live.number)
        record.run_closed(turn.db, live.run, state=State.MISSED, at=turn.now, reason=reason)
        turn.say(Kind.MISSED, reason, live)
        return
    turn.begin_again(live)


def _in_window(turn: Turn, live: Live) -> bool:
    """Return whether a claimed run may still start (architecture, rule 10).

    A job that wants its missed times made up wants this one too.
    """
    if live.scheduled_at is None or live.job.missed in {Missed.ONCE, Missed.ALL}:
        return True
    allowed = lateness_allowed(schedules_of(live.job), live.scheduled_at)
    return turn.now - live.scheduled_at <= allowed


def hand_over(turn: Turn) -> None:
    """Give what a dead supervisor looked after to the one that is named in this turn."""
    under_way = [live for live in turn.book.live.values() if live.has_attempt]
    tokens = frozenset(live.token for live in under_way if live.process is None)
    traces = turn.processes.with_token(tokens)
    for live in under_way:
        live.process = live.process or traces.get(live.token)
        if live.process is None:
            _lost(turn, live, _NO_TRACE)
        else:
            adopt(turn, live)


def adopt(turn: Turn, live: Live) -> None:
    """Let the supervisor take over a process that another one started, if it still lives."""
    if live.process is None:
        raise ValueError("only a known process can be adopted")
    job, started = live.job, live.attempt_started_at or turn.now
    record.attempt_moved(turn.db, live.run, live.number, supervisor_id=turn.supervisor_id)
    turn.book.begin(live)
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
            "log": log_name(live.run, live.number),
            "log_limit": job.log_limit,
        }
    )
    turn.say(Kind.ADOPTED, "survived its supervisor", live, pid=live.process.pid)


def _lost(turn: Turn, live: Live, why: str) -> None:
    turn.book.begin(live)
    finish(turn, live, Lost(why), {"at": turn.now})
