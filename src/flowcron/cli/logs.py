"""`flowcron logs`: what runs wrote, and what they are writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.follow import Follower, follow_all, say_end
from flowcron.cli.logrecords import LINE_FIELDS, recorder
from flowcron.cli.logwriter import BOTH, LinePainter, LineWriter, LogWriter, RawWriter
from flowcron.cli.pick import is_run, pick_jobs, pick_run
from flowcron.cli.runlog import Chunk, RunLog
from flowcron.cli.tail import last_lines
from flowcron.cli.text import Span, width
from flowcron.cli.words import grouped
from flowcron.domain.run import State
from flowcron.domain.size import human_size
from flowcron.errors import NotFoundError
from flowcron.history.known import job_names
from flowcron.history.query import RunRow, Wanted, open_runs, runs
from flowcron.supervisor.output_read import STDERR, STDOUT, Gap

_HAS_OUTPUT = tuple(state for state in State if state not in {State.SKIPPED, State.MISSED})


@as_command(
    name="logs",
    examples=(
        "flowcron logs backup",
        "flowcron logs 1482 --stderr -n 20",
        "flowcron logs -f",
        "flowcron logs backup~1 --raw > output.txt",
    ),
    fields=LINE_FIELDS,
)
@click.argument("selectors", metavar="[JOB|RUN]...", nargs=-1)
@click.option("-f", "--follow", is_flag=True, help="Go on until the runs are over.")
@click.option("-n", "lines", type=click.IntRange(min=0), help="Only the last lines.")
@click.option("--since", metavar="TIME", help="All runs of the jobs due at or after this time.")
@click.option("--stdout", "only_stdout", is_flag=True, help="Only what went to stdout.")
@click.option("--stderr", "only_stderr", is_flag=True, help="Only what went to stderr.")
@click.option("--attempt", type=click.IntRange(min=1), help="Only this attempt.")
@click.option("-t", "times", is_flag=True, help="With the time of each line.")
@click.option("--raw", is_flag=True, help="The bytes as they were written, whatever they do.")
@pass_session
def command(  # noqa: PLR0913 one argument an option
    session: Session,
    *,
    selectors: tuple[str, ...],
    follow: bool,
    lines: int | None,
    since: str | None,
    only_stdout: bool,
    only_stderr: bool,
    attempt: int | None,
    times: bool,
    raw: bool,
) -> None:
    """Show what runs wrote; -f goes on while they run."""
    found = _meant(session, selectors, since=since, following=follow)
    found = found if attempt is None else _with_attempt(found, attempt)
    streams = _streams(only_stdout=only_stdout, only_stderr=only_stderr)

    def chunks(run: RunRow) -> list[Chunk]:
        return last_lines(_chunks(session, run, attempt=attempt), lines, streams=streams)

    if session.fields or session.format in {"json", "jsonl", "csv"}:
        _write_records(session, {run: chunks(run) for run in found}, streams)
        return
    many = len({run.job for run in found}) > 1
    room = max((width(run.job) for run in found), default=0) if many else 0

    def writer(run: RunRow) -> LogWriter:
        name = run.job + " " * (room - width(run.job)) if many else ""
        if raw or not (session.screen.is_terminal or name or times):
            return RawWriter(session.screen, streams=streams, gap=_sayer(session, run))
        painter = LinePainter(
            session.screen, name=name, times=times, zone=session.zone, now=session.now
        )
        return LineWriter(painter.line, streams=streams, gap=painter.gap)

    if follow:
        _follow(session, [Follower(session, run.id, writer(run)) for run in found], room=room)
        return
    with nullcontext() if raw else session.paged():
        for run in found:
            _show(chunks(run), writer(run))
    _say_what_goes_on(session, found)


def _meant(
    session: Session, selectors: Sequence[str], *, since: str | None, following: bool
) -> list[RunRow]:
    """Return the runs that are meant, the oldest first."""
    begin = session.time(since, "--since")
    if not selectors and following:
        return open_runs(session.history)
    if begin is not None:
        jobs = pick_jobs(selectors, job_names(session.history)) if selectors else ()
        wanted = Wanted(jobs=jobs, states=_HAS_OUTPUT, since=begin)
        return runs(session.history, wanted)[::-1]
    return [run for each in selectors or ("@last",) for run in _picked(session, each)]


def _picked(session: Session, selector: str) -> list[RunRow]:
    """Return the run that is named, or the latest run with output of each job that is."""
    if is_run(selector):
        return [pick_run(session.history, selector)]
    jobs = pick_jobs((selector,), job_names(session.history))
    newest = [
        runs(session.history, Wanted(jobs=(job,), states=_HAS_OUTPUT, limit=1)) for job in jobs
    ]
    found = [run for some in newest for run in some]
    return found or [pick_run(session.history, selector)]


def _with_attempt(found: Sequence[RunRow], attempt: int) -> list[RunRow]:
    """Return the runs that have had this attempt; raises NotFoundError when there is none."""
    having = [run for run in found if attempt <= run.attempts]
    if found and not having:
        run = max(found, key=lambda each: each.attempts)
        there = {0: "it has not started", 1: "it has one attempt"}.get(
            run.attempts, f"it has the attempts 1 to {run.attempts}"
        )
        raise NotFoundError(f"run {run.id} has no attempt {attempt}", hint=there)
    return having


def _streams(*, only_stdout: bool, only_stderr: bool) -> frozenset[int]:
    if only_stdout == only_stderr:
        return BOTH
    return frozenset({STDOUT if only_stdout else STDERR})


def _chunks(session: Session, run: RunRow, *, attempt: int | None) -> list[Chunk]:
    log = RunLog(session.history, session.history_path.parent, run.id, attempt=attempt)
    try:
        return list(log.step())
    finally:
        log.close()


def _show(chunks: Sequence[Chunk], writer: LogWriter) -> None:
    for chunk in chunks:
        writer.write(chunk)
    writer.finish()


def _follow(session: Session, followers: list[Follower], *, room: int) -> None:
    if not followers:
        session.note(Span("nothing is running", "dim"))
        return
    try:
        ended = follow_all(session, followers)
    except KeyboardInterrupt:
        session.note(Span("the jobs go on; only this view has ended", "dim"))
        raise
    for run in ended:
        say_end(session, run, room=room)


def _sayer(session: Session, run: RunRow) -> Callable[[Chunk, Gap], None]:
    """Return what says how much of a run is missing, and where, beside its bytes."""

    def say(chunk: Chunk, gap: Gap) -> None:
        which = f"run {run.id}" + (f", attempt {chunk.attempt}" if run.attempts > 1 else "")
        size = f"{human_size(gap.elided)} ({grouped(gap.elided)} bytes)"
        session.warn(f"{which}: {size} not kept after the first {grouped(chunk.position)} bytes")

    return say


def _say_what_goes_on(session: Session, found: Sequence[RunRow]) -> None:
    if len(found) == 1 and not found[0].state.is_final:
        session.hint(f"run {found[0].id} goes on: flowcron logs -f {found[0].id}")


def _write_records(
    session: Session, found: Mapping[RunRow, Sequence[Chunk]], streams: frozenset[int]
) -> None:
    records: list[dict[str, Any]] = []
    for run, chunks in found.items():
        _show(chunks, recorder(session, run, records, streams=streams))
    session.records(records, LINE_FIELDS, document={"schema": "flowcron.logs/1", "lines": []})
