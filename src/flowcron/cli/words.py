"""How states and results of runs are said: symbols, colours, the RESULT of a run in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flowcron.cli.text import Line, Span
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant
from flowcron.domain.run import State, Trigger
from flowcron.domain.times import coarse
from flowcron.history.query import RunRow

SYMBOLS: Mapping[State, Span] = {
    State.SUCCESS: Span("✓", "ok"),
    State.FAILED: Span("✗", "failed"),
    State.TIMED_OUT: Span("◷", "failed"),
    State.RUNNING: Span("●", "running"),
    State.QUEUED: Span("○", "dim"),
    State.RETRYING: Span("↻", "late"),
    State.SKIPPED: Span("⊘", "dim"),
    State.MISSED: Span("!", "late"),
    State.CANCELLED: Span("■", "dim"),
    State.LOST: Span("?", "failed"),
}


def grouped(number: int) -> str:
    """Return a number with its digits in groups of three: "20 391"."""
    return f"{number:,}".replace(",", " ")


def took(length: timedelta | None) -> str:
    """Return a length of time for a table; nothing for a run that did not start."""
    return "" if length is None else human_duration(length)


def result(run: RunRow, now: Instant, *, usual: timedelta | None = None) -> Line:
    """Return what became of a run, in a few words."""
    style = "" if run.state == State.SUCCESS else SYMBOLS[run.state].style
    return (Span(_said(run, now, usual), style), *_late(run), *_last_line(run))


def late(run: RunRow) -> str | None:
    """Return how late a run began, where that is more than its job allows."""
    return None if run.late is None else f"{coarse(timedelta(microseconds=run.late))} late"


def made_by(run: RunRow) -> str:
    """Return what made a run: another run, a person or its schedule."""
    if run.trigger is Trigger.AFTER and run.upstream is not None:
        return f"run {run.upstream}"
    if run.trigger is Trigger.RETRY and run.retry_of is not None:
        return f"retry of {run.retry_of}"
    return run.requested_by or run.trigger


def _said(run: RunRow, now: Instant, usual: timedelta | None) -> str:
    match run.state:
        case State.SUCCESS:
            return _ok(run.attempts - 1) + (" · slow" if run.slow_at is not None else "")
        case State.RUNNING:
            return _running(run, usual)
        case State.QUEUED:
            said = "queued" if run.attempts == 0 else f"attempt {run.attempts + 1} is queued"
            return f"{said} · waits for {run.waits}" if run.waits else said
        case State.RETRYING:
            return _retrying(run, now)
        case State.FAILED | State.TIMED_OUT:
            return run.reason or run.state.replace("_", " ")
        case State.SKIPPED | State.MISSED | State.CANCELLED | State.LOST:
            return _with_reason(run)


def _ok(retries: int) -> str:
    if retries < 1:
        return "ok"
    return "ok after 1 retry" if retries == 1 else f"ok after {retries} retries"


def _running(run: RunRow, usual: timedelta | None) -> str:
    usually = f"usually {coarse(usual)}" if usual else ""
    if run.slow_at is not None:
        return "running · slow" + (f", {usually}" if usually else "")
    return "running" + (f" · {usually}" if usually else "")


def _retrying(run: RunRow, now: Instant) -> str:
    why = f"waits for {run.waits}" if run.waits else run.reason or "failed"
    if run.retry_at is None or run.retry_at <= now:
        return f"{why} · retry now"
    return f"{why} · retry in {coarse(timedelta(microseconds=run.retry_at - now))}"


def _with_reason(run: RunRow) -> str:
    word: str = run.state
    if run.covers is not None and run.covers > 1:
        word = f"{word} {run.covers} times"
    if not run.reason:
        return word
    return run.reason if run.reason.startswith(run.state) else f"{word} · {run.reason}"


def _late(run: RunRow) -> Line:
    said = late(run)
    return () if said is None else (Span(f" · {said}", "late"),)


def _last_line(run: RunRow) -> Line:
    """Return what the job itself said last, where it failed."""
    if run.last_line is None or run.state not in {State.FAILED, State.TIMED_OUT, State.RETRYING}:
        return ()
    return (Span(f" · {run.last_line.strip()}"),)
