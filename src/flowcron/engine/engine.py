"""The engine: one step takes in everything that has arrived, in one durable transaction."""

from __future__ import annotations

import random
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Job
from flowcron.domain.overlap import Limits
from flowcron.domain.planner import Plan
from flowcron.domain.ports import Clock, Judge, Launcher, Processes
from flowcron.domain.wish import Wish
from flowcron.engine.alarms import alarms_due, go_off, next_alarm
from flowcron.engine.book import Book, Entry, Live
from flowcron.engine.boots import begin_after_boot
from flowcron.engine.by_hand import start_by_hand
from flowcron.engine.cancel import cancel
from flowcron.engine.claims import decide
from flowcron.engine.consequences import draw
from flowcron.engine.finish import take_in
from flowcron.engine.gap import settle_gap
from flowcron.engine.judging import could_not_be_checked, verdict_about
from flowcron.engine.loading import load_job, load_jobs
from flowcron.engine.recovery import Supervision, reap, recover
from flowcron.engine.report import Report
from flowcron.engine.requests import Wishes, apply_requests
from flowcron.engine.steps import clock_stepped, set_back_while_down
from flowcron.engine.turn import Turn
from flowcron.faults import reach
from flowcron.history import record, requests
from flowcron.history.database import Connection, identity, transaction
from flowcron.history.pauses import pauses_ever
from flowcron.history.requests import Answer

CLAIMS_A_TURN = 100  # so that the supervisor starts the first of a storm while we claim the rest


class Engine:
    """Decides and records; processes are the launcher's, time is the clock's.

    `owner` (JSON) identifies the command whose engine this is, where it is no scheduler's: it then
    runs what it is told to in the foreground and leaves everything else alone.
    """

    def __init__(  # noqa: PLR0913 its ports, and who it works for
        self,
        history: Connection,
        *,
        launcher: Launcher,
        judge: Judge,
        processes: Processes,
        clock: Clock,
        report: Callable[[Sequence[Report]], None],
        luck: Callable[[], float] = random.random,
        owner: str | None = None,
    ) -> None:
        self.book = Book()
        self.wishes = Wishes()
        self.accepting = True
        self._limits = Limits()
        self._has_supervisor = False
        self._history = history
        self._launcher = launcher
        self._judge = judge
        self._processes = processes
        self._clock = clock
        self._report = report
        self._luck = luck
        self._owner = owner
        self._epoch = 0
        self._history_id = identity(history)
        self._supervision: Supervision | None = None
        self._supervisor_id = 0
        self._due: deque[Entry] = deque()
        self._inbox: list[dict[str, Any]] = []
        self._asked = False

    # what it is told

    def load(self, configured: Iterable[Job], *, limits: Limits | None = None) -> None:
        """Make these the current jobs; live runs keep what their job was."""
        self._limits = limits or Limits()
        self.book.use(load_jobs(self._history, configured, now=self._clock()))
        self.book.pauses = pauses_ever(self._history)
        self.look_at_everything()

    def recover(self, epoch: int, supervision: Supervision, *, run_on_start: bool = False) -> None:
        """Settle what earlier schedulers left and start what runs after a boot; once, after `load`.

        `run_on_start` starts the latter although it has run since this boot.
        """
        self._epoch, self._supervision = epoch, supervision
        self.supervise(supervision.supervisor_id)
        reach("recovery-read")
        with self._turn(committed="recovery-committed") as turn:
            settle_gap(turn, supervision.boot)
            set_back_while_down(turn, tolerance=SECOND)
            take_in(turn, recover(turn, supervision))
            begin_after_boot(turn, supervision.boot, again=run_on_start)

    def due(self, key: str) -> None:
        """Take notice that the time of a schedule has come."""
        self._due.extend(self.book.by_schedule.get(key, ()))

    def look_at_everything(self) -> None:
        """Decide about all jobs again: at the start, and after the clock has moved."""
        self._due = deque(self.book.entries.values())
        self._asked = True

    def receive(self, messages: Iterable[dict[str, Any]]) -> None:
        """Take messages of the supervisor, to be written down in the next step."""
        self._inbox.extend(messages)

    def clock_stepped(self, step: int) -> None:
        """Take notice that the wall clock was set by so many microseconds; see engine/steps.py."""
        with self._turn() as turn:
            clock_stepped(turn, step)
        self.look_at_everything()

    def asked(self) -> None:
        """Take notice that somebody may have asked for something, or freed what others wait for."""
        self._asked = True

    def look(self) -> None:
        """Notice what nobody poked for: a request, or the end of a run in the foreground."""
        self._asked = (
            bool(self.book.lines)
            or requests.are_waiting(self._history)
            or record.has_foreground_runs(self._history)
        )

    def answer_reload(self, asked: Iterable[int], given: Answer) -> None:
        """Answer the requests for the reload that is now over."""
        self.wishes.reload = [one for one in self.wishes.reload if one not in asked]
        with transaction(self._history):
            for request in asked:
                requests.answer(self._history, request, given, at=self._clock())

    # what it does

    def step(self) -> bool:
        """Do one turn of work; return whether there is more to do at once."""
        now = self._clock()
        beginning = self._may_begin
        alarms = alarms_due(self.book, now, beginning=beginning)
        asked = self._asked and self._has_supervisor
        if not (self._inbox or asked or alarms or (self._due and beginning)):
            return False
        with self._turn(now) as turn:
            inbox, self._inbox = self._inbox, []
            take_in(turn, inbox)
            draw(turn)  # those that wait go before those that are asked for or come due now
            if asked:
                self._asked = False
                self._look_around(turn)
                draw(turn)
            go_off(turn, alarms)
            if beginning:
                self._decide(turn)
        return bool(self._due and beginning)

    def next_alarm(self) -> Instant | None:
        """Return when something is due that no schedule wakes for: see engine/alarms.py."""
        return next_alarm(self.book, beginning=self._may_begin)

    def run_in_foreground(
        self, jobs: Iterable[Job], wish: Wish, *, limits: Limits | None = None
    ) -> int:
        """Claim one run for the command whose engine this is; see start_by_hand.

        `jobs` has the job, and those that run after it.
        """
        self._limits = limits or Limits()
        self.book.use(load_job(self._history, job, now=self._clock()) for job in jobs)
        self.book.pauses = pauses_ever(self._history)
        with self._turn() as turn:
            return start_by_hand(turn, wish)

    def supervise(self, supervisor_id: int) -> None:
        """Name the supervisor that attempts go to from now on."""
        self._supervisor_id = supervisor_id
        self._has_supervisor = True

    def supervisor_died(self) -> None:
        """Begin nothing until there is another supervisor: what is not sent cannot be lost.

        Nobody else will know how the attempts ended that are being judged, so that is over, too.
        """
        self._has_supervisor = False
        self.receive(
            verdict_about(live.run, live.number, could_not_be_checked("the supervisor died"))
            for live in self.book.live.values()
            if live.ended is not None
        )

    def reap(self, supervision: Supervision, *, adopt: bool) -> None:
        """Settle the runs whose foreground command has died; see recovery.reap."""
        with self._turn() as turn:
            reap(turn, supervision, adopt=adopt)

    def cancel_all(self, by: str, *, number: int = signal.SIGTERM) -> None:
        """End every run: signal what runs, close what waits; accept nothing new."""
        self.accepting = False
        with self._turn() as turn:
            for live in list(self.book.live.values()):
                cancel(turn, live, by=by, number=number)

    @property
    def is_due(self) -> bool:
        """Whether the next step may claim something."""
        return self._may_begin and bool(self._due)

    @property
    def under_way(self) -> list[Live]:
        """Return the runs that have a process, or are about to."""
        return [live for live in self.book.live.values() if live.has_attempt]

    # how

    @property
    def _may_begin(self) -> bool:
        return self.accepting and self._has_supervisor

    @contextmanager
    def _turn(self, now: Instant | None = None, *, committed: str = "") -> Iterator[Turn]:
        """Hold the transaction of one turn, and let out what it has earned once it is durable."""
        turn = Turn(
            self._history,
            self._clock() if now is None else now,
            self.book,
            self._supervisor_id,
            self._processes,
            self._luck,
            may_begin=self._may_begin,
            history_id=self._history_id,
            limits=self._limits,
            owner=self._owner,
        )
        with transaction(self._history):
            yield turn
            draw(turn)
            if turn.spawns:
                reach("claim-before-commit")
        if committed:
            reach(committed)
        self._send(turn)

    def _look_around(self, turn: Turn) -> None:
        """Apply what people ask for, and see whether others have freed what is waited for here."""
        if self._owner is None:
            self.book.pauses = pauses_ever(self._history)
            wishes = apply_requests(turn, epoch=self._epoch, accepting=self.accepting)
            self.wishes.stop = wishes.stop if wishes.stop is not None else self.wishes.stop
            self.wishes.reload = wishes.reload
            if self._supervision is not None:
                reap(turn, self._supervision, adopt=True)
        turn.free.extend(self.book.lines)

    def _decide(self, turn: Turn) -> None:
        plans: dict[object, Plan] = {}
        for _ in range(min(CLAIMS_A_TURN, len(self._due))):
            decide(turn, self._due.popleft(), plans)

    def _send(self, turn: Turn) -> None:
        """Let out what has become durable."""
        if turn.had_requests:
            reach("request-committed")
        if turn.spawns:
            reach("claim-committed")
            self._launcher.send(*turn.spawns)
            reach("spawn-sent")
        if turn.acks:
            reach("finish-committed")
            self._launcher.send({"op": "ack", "attempts": turn.acks})
            reach("acked")
        if turn.questions:
            self._judge.ask(*turn.questions)
            reach("judge-asked")
        if turn.reports:
            self._report(turn.reports)
