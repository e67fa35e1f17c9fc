"""One run in full: when, what, how it ended, each attempt, and what it said last."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Any

from flowcron.cli.alertwords import alert_record
from flowcron.cli.context import Session, since
from flowcron.cli.facts import fact, headline
from flowcron.cli.logwriter import BOTH, LineWriter
from flowcron.cli.place import folder_name, place_text, placed
from flowcron.cli.runlog import Chunk, RunLog
from flowcron.cli.showlineage import write_lineage
from flowcron.cli.showtold import write_told
from flowcron.cli.table import Column
from flowcron.cli.tail import last_lines
from flowcron.cli.text import Line, Span
from flowcron.cli.words import SYMBOLS, late, result, took
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant
from flowcron.domain.job import Job
from flowcron.domain.outcome import signal_name
from flowcron.domain.run import State
from flowcron.domain.size import human_size
from flowcron.domain.snapshot import job_from
from flowcron.domain.times import away, coarse, day, iso, local
from flowcron.history.alerts import alerts_of_run
from flowcron.history.attempts import AttemptRow, attempts_of
from flowcron.history.known import definition_of_run
from flowcron.history.query import RunRow
from flowcron.history.run_record import run_record
from flowcron.history.usual import usuals
from flowcron.supervisor.output_read import STDERR

_COLUMNS = (
    Column(""),
    Column("ATTEMPT"),
    Column("PID", right=True, drop=1),
    Column("STARTED"),
    Column("TOOK", right=True),
    Column("RESULT", minimum=16),
    Column("", drop=2),
)
_LAST_LINES = 8


def run_document(session: Session, run: RunRow) -> dict[str, Any]:
    """Return a run with its attempts, as programs get it."""
    attempts = attempts_of(session.history, run.id)
    return {
        "schema": "flowcron.run/1",
        **run_record(run, session.zone),
        "attempts": [_attempt_record(session, attempt) for attempt in attempts],
        "alerts": [
            alert_record(row, session.zone) for row in alerts_of_run(session.history, run.id)
        ],
    }


def write_run(session: Session, run: RunRow) -> None:
    """Write a run for a person."""
    attempts = attempts_of(session.history, run.id)
    job = job_from(run.job, definition_of_run(session.history, run.id))
    headline(
        session.screen,
        SYMBOLS[run.state],
        Span(f" {run.job}", "strong"),
        f" · run {run.id} · ",
        *result(run, session.now),
        place=place_text(placed(session, job)),
    )
    _write_facts(session, run, attempts, job)
    if len(attempts) > 1:
        session.screen.line()
        rows = [_attempt_row(session, attempts, number) for number in range(len(attempts))]
        session.screen.table(_COLUMNS, rows)
    _write_last_lines(session, run)
    write_told(session, run)
    write_lineage(session, run)
    session.hint(f"flowcron logs {run.id}", f"flowcron show {run.job}")


def _write_facts(session: Session, run: RunRow, attempts: list[AttemptRow], job: Job) -> None:
    fact(session.screen, *_scheduled(session, run))
    fact(session.screen, "started", _started(session, run), _finished(session, run))
    fact(session.screen, "slow", _slow(session, run))
    fact(session.screen, "waits for", run.waits)
    command = job.command if isinstance(job.command, str) else shlex.join(job.command)
    pid = attempts[-1].pid if attempts else None
    fact(session.screen, "command", command)
    folder = folder_name(job.cwd) if job.cwd else None
    fact(session.screen, "in", folder, f"pid {pid}" if pid else None)
    if attempts:
        last = attempts[-1]
        fact(session.screen, "exit", _exit(last), _memory(last), _cpu(last), _output(last))
    if run.retry_at is not None:
        ahead = timedelta(microseconds=run.retry_at - session.now)
        fact(session.screen, "next try", f"in {away(ahead)}")


def _scheduled(session: Session, run: RunRow) -> tuple[str, str]:
    said = f"{_exact(session, run.at)} · {run.trigger}"
    if run.requested_by:
        said += f" by {run.requested_by}"
    return "recorded" if run.scheduled_at is None else "scheduled", said


def _started(session: Session, run: RunRow) -> str | None:
    if run.started_at is None:
        return "never" if run.state.is_final else "not yet"
    clock = f"{local(run.started_at, session.zone):%H:%M:%S}"
    if (said := late(run)) is not None:
        return f"{clock} · {said}"
    wait = timedelta(microseconds=run.started_at - run.at)
    return f"{clock} (+{human_duration(wait)})" if wait >= timedelta() else clock


def _finished(session: Session, run: RunRow) -> str | None:
    if run.finished_at is None:
        going = None if run.started_at is None else since(run.started_at, session.now)
        return None if going is None else f"running for {took(going)}{_usually(session, run)}"
    clock = f"finished {local(run.finished_at, session.zone):%H:%M:%S}"
    if run.duration is None:
        return clock
    return f"{clock} · took {took(run.duration)}{_usually(session, run)}"


def _usually(session: Session, run: RunRow) -> str:
    usual = usuals(session.history, (run.job,)).get(run.job)
    return "" if usual is None else f" (usually {took(usual.median)})"


def _slow(session: Session, run: RunRow) -> Line | None:
    if run.slow_at is None:
        return None
    return (Span(f"since {local(run.slow_at, session.zone):%H:%M:%S}", "late"),)


def _exact(session: Session, at: Instant) -> str:
    when = local(at, session.zone)
    return f"{day(when)} {when:%Y %H:%M:%S} {when.tzname() or ''}".rstrip()


def _exit(attempt: AttemptRow) -> str | None:
    if attempt.signal is not None:
        return signal_name(attempt.signal)
    return None if attempt.exit_code is None else str(attempt.exit_code)


def _memory(attempt: AttemptRow) -> str | None:
    return f"max memory {human_size(attempt.max_rss * 1024)}" if attempt.max_rss else None


def _cpu(attempt: AttemptRow) -> str | None:
    if attempt.cpu is None:
        return None
    return f"cpu {human_duration(timedelta(microseconds=attempt.cpu))}"


def _output(attempt: AttemptRow) -> str | None:
    if attempt.output_bytes is None:
        return None
    if not attempt.output_bytes:
        return "no output"
    left_out = f", {human_size(attempt.elided_bytes)} not kept" if attempt.elided_bytes else ""
    return f"output {human_size(attempt.output_bytes)}{left_out}"


def _attempt_record(session: Session, attempt: AttemptRow) -> dict[str, Any]:
    length = _length(attempt)
    return {
        "attempt": attempt.number,
        "state": attempt.state,
        "started_at": iso(attempt.started_at, session.zone),
        "finished_at": iso(attempt.finished_at, session.zone),
        "duration": None if length is None else length.total_seconds(),
        "exit_code": attempt.exit_code,
        "signal": attempt.signal,
        "reason": attempt.reason,
        "last_line": attempt.last_line,
        "pid": attempt.pid,
        "max_rss": None if attempt.max_rss is None else attempt.max_rss * 1024,
        "cpu": None if attempt.cpu is None else attempt.cpu / 1_000_000,
        "output_bytes": attempt.output_bytes,
        "elided_bytes": attempt.elided_bytes,
    }


def _attempt_row(session: Session, attempts: list[AttemptRow], index: int) -> tuple[Line, ...]:
    attempt = attempts[index]
    started = attempt.started_at
    clock = "" if started is None else f"{local(started, session.zone):%H:%M:%S}"
    before = attempts[index - 1].finished_at if index else None
    waited = "" if started is None or before is None else f"waited {_wait(since(before, started))}"
    said = attempt.reason or ("ok" if attempt.state == State.SUCCESS else attempt.state)
    return (
        (Span(""),),
        (Span(str(attempt.number)),),
        (Span("" if attempt.pid is None else str(attempt.pid), "dim"),),
        (Span(clock),),
        (Span(took(_length(attempt))),),
        (SYMBOLS[attempt.state], Span(f" {said}")),
        (Span(waited, "dim"),),
    )


def _wait(length: timedelta) -> str:
    return coarse(length) if abs(length) >= timedelta(seconds=1) else took(abs(length))


def _length(attempt: AttemptRow) -> timedelta | None:
    if attempt.started_at is None or attempt.finished_at is None:
        return None
    return since(attempt.started_at, attempt.finished_at)


def _write_last_lines(session: Session, run: RunRow) -> None:
    """Write the end of what the last attempt said: of stderr where it failed and there is any."""
    if not run.attempts:
        return
    log = RunLog(session.history, session.history_path.parent, run.id, attempt=run.attempts)
    chunks = list(log.step())
    log.close()
    stderr = last_lines(chunks, _LAST_LINES, streams=frozenset({STDERR}))
    is_stderr = run.state != State.SUCCESS and bool(stderr)
    shown = stderr if is_stderr else last_lines(chunks, _LAST_LINES, streams=BOTH)
    if not shown:
        return
    session.screen.line()
    session.screen.line(Span(f"  last lines{' of stderr' if is_stderr else ''}", "dim"))
    _write_chunks(session, shown)


def _write_chunks(session: Session, chunks: list[Chunk]) -> None:
    def sink(_attempt: int, _stream: int, _at: Instant, line: bytes) -> None:
        text = line.removesuffix(b"\r").decode("utf-8", "backslashreplace")
        bar = Span("  │ ", "dim")
        session.screen.wrapped(text.expandtabs(), front=bar, again=bar)

    writer = LineWriter(sink, streams=BOTH, gap=lambda _attempt, _elided: None)
    for chunk in chunks:
        writer.write(chunk)
    writer.finish()
