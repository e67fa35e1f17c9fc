"""What the supervisor says becomes history: started, ended, waiting for the next attempt."""

from __future__ import annotations

import os
import signal
from base64 import b64decode
from datetime import timedelta
from typing import Any

from flowcron.domain.alerting import Event
from flowcron.domain.duration import format_duration, human_duration
from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import OnLost
from flowcron.domain.outcome import (
    Cancelled,
    Exited,
    Lost,
    NotStarted,
    Outcome,
    Signaled,
    TimedOut,
    Unmet,
    exit_status,
    reason_of,
    state_of,
)
from flowcron.domain.ports import Process
from flowcron.domain.retry import may_retry, wait_before
from flowcron.domain.run import State
from flowcron.domain.text import storable
from flowcron.engine.alerts import tell
from flowcron.engine.book import Live
from flowcron.engine.judging import is_to_be_judged, question_about
from flowcron.engine.report import Kind
from flowcron.engine.room import is_put_off
from flowcron.engine.turn import Turn
from flowcron.engine.unusual import look_back, watch_for_slow
from flowcron.faults import reach
from flowcron.history import record
from flowcron.history.record import AttemptEnd

Message = dict[str, Any]

_MARGIN = 5.0  # seconds; the kernel's clock and ours are not quite the same
_FINAL = ("exited", "spawn_failed", "adopt_failed")
_NOBODY_KNOWS = "its supervisor died, and the system does not tell how the process ended"


def take_in(turn: Turn, messages: list[Message]) -> None:
    """Write down what the messages say; a start whose end is here too costs nothing."""
    ended = {(m["run"], m["attempt"]) for m in messages if m["ev"] in _FINAL}
    for message in messages:
        key = (message["run"], message["attempt"])
        live = turn.book.live.get(key[0])
        if live is None or live.number != key[1] or not live.has_attempt:
            if message["ev"] in _FINAL:  # written down before, by us or by who was here before us
                turn.acks.append([*key])
            continue
        if message["ev"] in _FINAL:
            _ended(turn, live, message)
        elif message["ev"] == "started":
            write = key not in ended or live.job.expect is not None  # it goes on for a while
            _started(turn, live, message, write=write)
        elif message["ev"] == "judged":
            _judged(turn, live, message)


def _started(turn: Turn, live: Live, message: Message, *, write: bool) -> None:
    reach("started-received")
    at = Instant(message["at"])
    new = live.process is None
    live.state = State.RUNNING
    live.attempt_started_at = at
    live.started_at = live.started_at or at
    live.no_room_since = None
    live.process = Process(message["pid"], message["pid_started"], message["pid_inode"])
    if new and live.number == 1:
        tell(turn, live.job, Event.START, "started", job_id=live.job_id, run=live.run)
    if new:
        _mark_late(turn, live, at)
        watch_for_slow(turn, live)
    if write:
        process = (live.process.pid, live.process.started, live.process.inode)
        record.attempt_started(turn.db, live.run, live.number, at=at, process=process)
    if new:
        turn.say(Kind.STARTED, "started", live, pid=message["pid"], state=State.RUNNING)


def _mark_late(turn: Turn, live: Live, at: Instant) -> None:
    """Take notice of a run that starts later than its job allows."""
    allowed = live.job.late_after
    if allowed is None or live.scheduled_at is None or live.number > 1:
        return
    entry = turn.book.entries.get(live.job.name)
    late = at - live.scheduled_at - (0 if entry is None else entry.delay)
    if late > micros(allowed):
        record.run_is_late(turn.db, live.run, by=late)
        length = human_duration(timedelta(microseconds=late))
        turn.say(Kind.LATE, f"started {length} late", live)
        text = f"started {length} late"
        tell(turn, live.job, Event.LATE, text, job_id=live.job_id, run=live.run)


def _ended(turn: Turn, live: Live, message: Message) -> None:
    reach("exited-received")
    if live.ended is None and not is_put_off(turn, live, message):  # else it was said again
        conclude(turn, live, outcome_of(turn, live, message), message)


def conclude(turn: Turn, live: Live, outcome: Outcome, message: Message) -> None:
    """Finish an attempt; one of which more is expected than to end well is judged before that.

    Until it is, its run goes on; nothing of its end is written or acknowledged.
    """
    if isinstance(outcome, Exited) and is_to_be_judged(outcome, live.job):
        live.ended = outcome, message
        turn.questions.append(question_about(live, message, history_id=turn.history_id))
    else:
        _write_end(turn, live, outcome, message)


def _judged(turn: Turn, live: Live, message: Message) -> None:
    """Finish an attempt by its verdict; a run that was cancelled since is not tried again."""
    if live.ended is None:  # the verdict of an earlier life, about what will be judged again
        return
    (outcome, ended), live.ended = live.ended, None
    unmet = message["unmet"]
    _write_end(turn, live, outcome if unmet is None else Unmet(outcome.code, unmet), ended)


def _write_end(turn: Turn, live: Live, outcome: Outcome, message: Message) -> None:
    number = live.number
    finish(turn, live, outcome, message)
    if message.get("output"):
        record.keep_output(
            turn.db,
            live.run,
            number,
            output=b64decode(message["output"]),
            pieces=b64decode(message["pieces"]),
        )
    turn.acks.append([live.run, number])


def outcome_of(turn: Turn, live: Live, message: Message) -> Outcome:
    """Return how the attempt ended, from what the supervisor and, failing it, the system say."""
    if message.get("ev") == "spawn_failed":
        if message["what"] == "cancel":
            return Cancelled(live.cancelled_by or "flowcron")
        errno = f" ({message['error']})" if message["error"] else ""
        return NotStarted(storable(f"{message['text']}{errno}"))
    status = message.get("status")
    if status is None and live.process is not None:
        status = turn.processes.status_of(live.process.pid)
    if status is None:
        return Lost(_NOBODY_KNOWS)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    match message.get("why"):
        case "timeout":
            return TimedOut(code, number)
        case "cancel":
            return Cancelled(live.cancelled_by or "flowcron", code, number)
        case _:
            if number is None:
                return Exited(code or 0)
            return Signaled(number, for_memory=_was_out_of_memory(turn, live, message, number))


def _was_out_of_memory(turn: Turn, live: Live, message: Message, number: int) -> bool:
    """Return whether the system killed the process because there was no memory left."""
    if number != signal.SIGKILL or live.process is None:
        return False
    started = message.get("started_at") or live.attempt_started_at or turn.now
    length = (turn.now - started) / 1e6
    return turn.processes.was_killed_for_memory(live.process.pid, within=length + _MARGIN)


def finish(turn: Turn, live: Live, outcome: Outcome, message: Message) -> None:
    """Write down the end of an attempt, and of its run unless another attempt follows."""
    job = live.job
    state = state_of(outcome, success_codes=job.success_codes)
    code, number = exit_status(outcome)
    started = message.get("started_at") or live.attempt_started_at
    live.started_at = live.started_at or started
    end = AttemptEnd(
        live.run,
        live.number,
        state,
        started_at=started,
        finished_at=Instant(message["at"]),
        exit_code=code,
        signal=number,
        reason=reason_of(outcome, success_codes=job.success_codes, timeout=_timeout(live)),
        last_line=storable(message["last"]) if message.get("last") else None,
        max_rss=message.get("max_rss"),
        cpu=message.get("cpu"),
        output_bytes=message.get("bytes"),
        elided_bytes=message.get("elided") or None,
        pid=message.get("pid"),
    )
    record.attempt_ended(turn.db, end)
    wait = _wait(turn, live, outcome)
    if wait is None:
        _run_over(turn, live, end)
    else:
        retry_at = Instant(end.finished_at + micros(wait))
        record.run_retries(turn.db, end, retry_at=retry_at)
        turn.attempt_over(live)
        turn.book.retry_later(live, retry_at)
        _say(turn, Kind.RETRY, live, end, wait=wait.total_seconds())
        text = f"{end.reason}, attempt {live.number} of {live.job.retry.times + 1}"
        tell(turn, live.job, Event.RETRY, text, job_id=live.job_id, run=live.run)


def _wait(turn: Turn, live: Live, outcome: Outcome) -> timedelta | None:
    policy = live.job.retry
    if live.cancelled_by or not live.retries_left:
        return None
    if isinstance(outcome, Lost) and live.job.on_lost is OnLost.RERUN:
        return timedelta()
    if not may_retry(outcome, policy, success_codes=live.job.success_codes):
        return None
    return wait_before(live.number, policy, luck=turn.luck())


def _run_over(turn: Turn, live: Live, end: AttemptEnd) -> None:
    if end.state is State.SUCCESS and live.started_at is not None:
        took = timedelta(microseconds=end.finished_at - live.started_at)
        look_back(turn, live, took=took, wrote=end.output_bytes or 0)
    record.run_ended(turn.db, end, reason=end.reason)
    turn.run_over(
        live,
        end.state,
        at=end.finished_at,
        reason=end.reason,
        wrote=bool(end.output_bytes),
    )
    _say(turn, Kind.ENDED, live, end)


def _say(turn: Turn, kind: Kind, live: Live, end: AttemptEnd, *, wait: float | None = None) -> None:
    began = live.started_at if wait is None else end.started_at
    turn.say(
        kind,
        end.reason or "ok",
        live,
        state=end.state,
        took=None if began is None else (end.finished_at - began) / 1e6,
        wait=wait,
        last_line=end.last_line,
    )


def _timeout(live: Live) -> str:
    return "" if live.job.timeout is None else format_duration(live.job.timeout)
