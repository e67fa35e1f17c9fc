"""Following a run: its output as it comes, until it is over."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from flowcron.cli.context import Session
from flowcron.cli.logwriter import BOTH, LinePainter, LineWriter, LogWriter, RawWriter
from flowcron.cli.runlog import RunLog
from flowcron.cli.text import Span, width
from flowcron.cli.words import SYMBOLS, result, took
from flowcron.domain.duration import human_duration
from flowcron.domain.outcome import NOT_STARTED
from flowcron.domain.run import State
from flowcron.history.query import RunRow
from flowcron.system import clock

_POLL = 0.05  # seconds


class Follower:
    """One run that is followed: `step` shows what is new."""

    def __init__(self, session: Session, run: int, writer: LogWriter) -> None:
        self._log = RunLog(session.history, session.history_path.parent, run)
        self._writer = writer
        self._session = session
        self._told = 0
        self._waited_for: str | None = None
        self.ended: RunRow | None = None

    def step(self) -> RunRow | None:
        """Show what was written since the last time; return the run when it is over."""
        if self.ended is None:
            for chunk in self._log.step():
                self._writer.write(chunk)
            self._say_retry(self._log.run)
            self._say_wait(self._log.run)
            if self._log.is_over:
                self._writer.finish()
                self._log.close()
                self.ended = self._log.run
        return self.ended

    def _say_retry(self, run: RunRow | None) -> None:
        """Say on a terminal that an attempt failed and another follows."""
        if run is None or run.state is not State.RETRYING or run.attempts == self._told:
            return
        self._told = run.attempts
        wait = timedelta(microseconds=max(0, (run.retry_at or 0) - clock.now()))
        self._session.note(
            SYMBOLS[run.state],
            Span(f" {run.reason or 'failed'}", "late"),
            f" · attempt {run.attempts}/{run.tries}, retry in {human_duration(wait)}",
        )

    def _say_wait(self, run: RunRow | None) -> None:
        """Say on a terminal what a run waits for before it can begin."""
        if run is None or run.waits in {None, self._waited_for}:
            return
        self._waited_for = run.waits
        self._session.note(SYMBOLS[State.QUEUED], f" run {run.id} waits for {run.waits}")


def follow_all(session: Session, followers: Iterable[Follower]) -> list[RunRow]:
    """Show the output of several runs until all are over."""
    followers = list(followers)
    while any([follower.step() is None for follower in followers]):  # noqa: C419 all take their step
        session.screen.stream.flush()
        time.sleep(_POLL)
    return [follower.ended for follower in followers if follower.ended is not None]


def writer_for(session: Session, *, name: str = "") -> LogWriter:
    """Return what shows the output of a run: in lines on a terminal or with a name in front."""
    if not (session.screen.is_terminal or name):
        return RawWriter(session.screen, streams=BOTH)
    painter = LinePainter(session.screen, name=name, zone=session.zone)
    return LineWriter(painter.line, streams=BOTH, gap=painter.gap)


def say_end(session: Session, run: RunRow, *, room: int = 0) -> None:
    """Say on a terminal how a followed run ended; anywhere, why it could not start."""
    if not session.is_for_people and (run.reason or "").startswith(NOT_STARTED):
        session.warn(f"{run.job}: {run.reason}")
    symbol = SYMBOLS[run.state]
    said = result(run, session.now)
    length = f" in {took(run.duration)}" if run.duration is not None else ""
    blank = " " * max(0, room - width(run.job))
    session.note(
        Span(f"{run.job}{blank} ", "strong"),
        Span("── ", "dim"),
        symbol,
        f" run {run.id} ",
        *said,
        Span(f"{length} ──", "dim"),
    )
