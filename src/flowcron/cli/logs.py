"""`flowcron logs`: what runs wrote, and what they are writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.follow import Follower, follow_all, say_end, writer_for
from flowcron.cli.logwriter import BOTH, LineWriter, LogWriter
from flowcron.cli.pick import is_run, pick_jobs, pick_run
from flowcron.cli.runlog import Chunk, RunLog
from flowcron.cli.tail import last_lines
from flowcron.cli.text import Span, width
from flowcron.cli.times import iso
from flowcron.domain.instant import Instant
from flowcron.domain.run import State
from flowcron.history.known import job_names
from flowcron.history.query import RunRow, Wanted, open_runs, runs
from flowcron.supervisor.output_read import STDERR, STDOUT

FIELDS = ("run", "job", "attempt", "at", "stream", "text")
_HAS_OUTPUT = tuple(state for state in State if state not in {State.SKIPPED, State.MISSED})


@as_command(
    name="logs",
    examples=(
        "flowcron logs backup",
        "flowcron logs 1482 --stderr -n 20",
        "flowcron logs -f",
        "flowcron logs backup~1 --raw > output.txt",
    ),
    fields=FIELDS,
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
    streams = _streams(only_stdout=only_stdout, only_stderr=only_stderr)
    many = len({run.job for run in found}) > 1
    room = max((width(run.job) for run in found), default=0) if many else 0
    if session.fields or session.format in {"json", "jsonl", "csv"}:
        _write_records(session, found, streams, attempt=attempt)
        return

    def writer(run: RunRow) -> LogWriter:
        name = run.job + " " * (room - width(run.job)) if many else ""
        return writer_for(session, name=name, times=times, raw=raw, streams=streams)

    if follow:
        _follow(session, [Follower(session, run.id, writer(run)) for run in found], room=room)
        return
    for run in found:
        chunks = _chunks(session, run, attempt=attempt)
        _show(last_lines(chunks, lines, streams=streams), writer(run))
    _say_what_is_missing(session, found)


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


def _say_what_is_missing(session: Session, found: Sequence[RunRow]) -> None:
    if len(found) == 1 and not found[0].state.is_final:
        session.hint(f"run {found[0].id} goes on: flowcron logs -f {found[0].id}")


def _write_records(
    session: Session, found: Sequence[RunRow], streams: frozenset[int], *, attempt: int | None
) -> None:
    records: list[dict[str, Any]] = []
    for run in found:
        sink = _recorder(session, run, records)
        writer = LineWriter(sink, streams=streams, gap=lambda _attempt, _elided: None)
        _show(_chunks(session, run, attempt=attempt), writer)
    session.records(records, FIELDS, document={"schema": "flowcron.logs/1", "lines": []})


def _recorder(
    session: Session, run: RunRow, records: list[dict[str, Any]]
) -> Callable[[int, int, Instant, bytes], None]:
    def sink(attempt: int, stream: int, at: Instant, line: bytes) -> None:
        records.append(
            {
                "run": run.id,
                "job": run.job,
                "attempt": attempt,
                "at": iso(at, session.zone),
                "stream": "stderr" if stream == STDERR else "stdout",
                "text": line.decode("utf-8", "backslashreplace"),
            }
        )

    return sink
