"""The scheduler process: an asyncio loop that wakes the engine and otherwise does nothing.

Whatever fails in a callback ends up in one of two places. Trouble with the history (locked, full)
or with the supervisor begins a new life: all memory is dropped and recovery reads history and asks
the supervisor again, because memory that has run ahead of history is worth nothing. Anything else
ends the process or, a damaged history, this scheduler (app/lives.py): the supervisor keeps what it
knows for the next.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flowcron.app.backups import Backups
from flowcron.app.beat import HEARTBEAT, beat
from flowcron.app.guard import Guard, LoopWakes
from flowcron.app.judges import Judges
from flowcron.app.notifying import Notifying, status_line
from flowcron.app.opening import insist_on_whole
from flowcron.app.patience import Patience
from flowcron.app.pruning import Pruning
from flowcron.app.reloading import Reloading
from flowcron.app.signals import obey_signals
from flowcron.app.state import Holding
from flowcron.app.stopping import Stopping
from flowcron.app.supervision import Supervised
from flowcron.app.telling import Telling
from flowcron.config.config import Config, OnStop
from flowcron.domain.instant import SECOND, Instant
from flowcron.engine.engine import Engine
from flowcron.engine.report import Kind, Report
from flowcron.errors import Problem
from flowcron.history import record
from flowcron.history.beginnings import news_before
from flowcron.history.database import transaction
from flowcron.system import clock, memory, poke
from flowcron.system.notify import Manager
from flowcron.system.processes import MachineProcesses, become_reaper
from flowcron.system.programs import Programs
from flowcron.system.steps import ClockWatch
from flowcron.system.timer import LONGEST_SLEEP, Timer

GATHER = 0.02  # seconds from the supervisor's first word to the commit; the supervisor remembers


@dataclass(frozen=True, slots=True)
class Options:
    """What `flowcron start` was told beyond the configuration.

    `broken` is what is wrong with the file, where the configuration is the last one that was good.
    """

    history: Path
    on_stop: OnStop | None = None
    run_on_start: bool = False
    in_terminal: bool = False
    broken: tuple[Problem, ...] = ()
    manager: Manager = field(default_factory=Manager)


class Scheduler:
    """From the lock to the last commit, in one life or several."""

    def __init__(
        self, config: Config, options: Options, *, report: Callable[[Sequence[Report]], None]
    ) -> None:
        self.config = config
        self._options = options
        self._report = report
        self._processes = MachineProcesses()
        self._timer = Timer(lambda key: self._guard.call(self._on_due, key))
        self._clock_watch = ClockWatch()
        self._guard = Guard(options.history, on_trouble=self._begin_again, on_end=self._fail)
        self._stopping = Stopping(say=self._say, later=self._call_later)
        self._notifying = Notifying(
            options.manager,
            status=self._status,
            warn=lambda text: self._say(Kind.WARNING, text),
        )
        self._turn_is_planned = False
        self._is_gathering = False
        self._alarm: asyncio.TimerHandle | None = None
        self._patience = Patience()
        self._trouble = ""

    async def run(self, holding: Holding) -> str:
        """Schedule until told to stop; return the reason why it stopped."""
        self._loop = asyncio.get_running_loop()
        self._holding = holding
        self._done: asyncio.Future[str] = self._loop.create_future()
        become_reaper()
        say = partial(self._guard.call, self._on_messages)
        self._programs = Programs(self._processes.status_of)
        wakes = LoopWakes(self._loop, self._guard)
        self._judges = Judges(holding.state, self._programs, say=say, wakes=wakes)
        self._supervised = Supervised(
            holding,
            self._programs,
            wakes=wakes,
            on_message=say,
            on_close=lambda: self._guard.call(self._on_close),
        )
        self._telling = Telling(
            holding,
            Programs(self._processes.status_of),
            wakes=wakes,
            say=self._say,
            tell=self._tell,
            again=self._plan_turn,
        )
        self._engine = self._new_engine()
        self._reloading = Reloading(
            self.config,
            use=self._use,
            say=self._say,
            notifying=self._notifying,
            is_old=bool(self._options.broken),
        )
        self._backups = Backups(holding, guard=self._guard, say=self._say)
        self._pruning = Pruning(
            holding,
            keeps=lambda: self.config.keeps,
            is_busy=lambda: self._is_busy,
            guard=self._guard,
            say=self._say,
        )
        self._loop.add_signal_handler(signal.SIGCHLD, self._processes.reap)
        obey_signals(self, self._guard, in_terminal=self._options.in_terminal)
        try:
            self._timer.start()
            await self._live(run_on_start=self._options.run_on_start)
            for text in news_before(holding.history, holding.epoch):
                self._engine.tell(text)
            self._listen(holding.state)
            beat(self._holding.lock)
            self._telling.use(self.config)
            self._loop.call_later(HEARTBEAT, self._guard.call, self._beat)
            self._guard.start(insist_on_whole(holding.path, holding.check))
            self._notifying.begin(self._loop, beat=HEARTBEAT)
            memory.settle()
            return await self._done
        finally:
            self._close()

    # its lives

    async def _live(self, *, run_on_start: bool = False) -> None:
        """Begin with nothing in memory: read history, ask the supervisor, settle what is open."""
        supervision = await self._supervised.connect()
        engine = self._new_engine()
        engine.load(self.config.jobs, limits=self.config.limits, channels=self.config.channels)
        engine.recover(self._holding.epoch, supervision, run_on_start=run_on_start)
        self._engine = engine
        if self._stopping.is_cancelling:
            engine.cancel_all(self._stopping.by)
        self._timer.arm_again(engine.book.alarms())
        engine.look_at_everything()  # whatever came due before the timer was armed
        if trouble := self._patience.over():
            self._record("trouble", trouble)
        self._plan_turn()

    def _new_engine(self) -> Engine:
        engine = Engine(
            self._holding.history,
            launcher=self._supervised,
            judge=self._judges,
            processes=self._processes,
            clock=clock.now,
            report=self._report,
        )
        engine.accepting = self._stopping.how is None
        return engine

    def _begin_again(self, why: str) -> None:
        """Drop all memory and begin another life, a little later each time that fails."""
        if self._trouble or self._done.done():
            return
        self._trouble = f"{why}; trying again until it passes"
        self._engine = self._new_engine()
        self._supervised.close()
        if self._patience.is_news(why):
            self._say(Kind.WARNING, self._trouble)
        self._loop.call_later(self._patience.wait(), self._start_again)

    def _start_again(self) -> None:
        self._trouble = ""
        self._guard.start(self._live())

    # what wakes it

    def _on_due(self, key: str) -> None:
        self._engine.due(key)
        self._plan_turn()

    def _on_messages(self, messages: list[dict[str, Any]]) -> None:
        """Gather for a moment what has ended: each commit costs a disk more than many rows."""
        self._engine.receive(messages)
        if not self._is_gathering:
            self._is_gathering = True
            self._loop.call_later(GATHER, self._guard.call, self._gathered)

    def _gathered(self) -> None:
        self._is_gathering = False
        self._plan_turn()

    def _on_poke(self) -> None:
        poke.drain(self._poke)
        self._engine.asked()
        self._plan_turn()

    def _on_close(self) -> None:
        """Write down the last words of a dead supervisor; its jobs go on under another."""
        self._engine.supervisor_died()
        self._engine.step()
        self._patience.hurry()
        self._begin_again("the supervisor died, its jobs did not")

    def _on_clock(self) -> None:
        """Decide anew about everything when the wall clock was set."""
        if step := self._clock_watch.step():
            self._engine.clock_stepped(step)
            self._pruning.clock_stepped(step)
            self._timer.arm_again(self._engine.book.alarms())
            self._plan_turn()

    def _beat(self) -> None:
        if self._done.done():
            return
        self._loop.call_later(HEARTBEAT, self._guard.call, self._beat)
        beat(self._holding.lock)
        self._notifying.beat()
        self._holding.insist_it_is_still_there()
        self._on_clock()
        if self.config.auto_reload and self._reloading.is_due():
            self.reload()
        self._engine.look()
        self._plan_turn()
        self._backups.look()
        self._pruning.look()

    def _listen(self, state: Path) -> None:
        self._poke = poke.listen(state)
        self._loop.add_reader(self._poke, self._guard.call, self._on_poke)
        if self._clock_watch.descriptor is not None:
            self._loop.add_reader(self._clock_watch.descriptor, self._guard.call, self._on_clock)

    # what it does

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)

    def _plan_turn(self) -> None:
        """Do one turn soon, however many wake it: what arrives together is committed together."""
        if not self._turn_is_planned:
            self._turn_is_planned = True
            self._loop.call_soon(self._guard.call, self._turn)

    @property
    def _is_busy(self) -> bool:
        return self._engine.is_due or bool(self._trouble) or self._stopping.how is not None

    def _turn(self) -> None:
        self._turn_is_planned = False
        if self._done.done():
            return
        if self._engine.is_due:
            self._holding.insist_it_is_still_there()
        if self._engine.step():
            self._plan_turn()
        self._do_wishes()
        self._set_alarm(None if self._trouble else self._telling.look())
        if self._stopping.is_over(self._engine) and not self._trouble:
            self._done.set_result(self._stopping.by)

    def _do_wishes(self) -> None:
        wishes = self._engine.wishes
        if wishes.reload:
            self.reload(frozenset(wishes.reload))
        if wishes.stop is not None:
            how, wishes.stop = wishes.stop, None
            self.stop("flowcron stop", OnStop(how) if how else None)

    def _set_alarm(self, delivery: Instant | None) -> None:
        """Wake up for what no schedule wakes for: the engine's alarms, or the next delivery."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        alarms = (self._engine.next_alarm(), delivery)
        due = min((at for at in alarms if at is not None), default=None)
        if due is not None:
            wait = min(max((due - clock.now()) / SECOND, 0), LONGEST_SLEEP)
            self._alarm = self._loop.call_later(wait, self._plan_turn)

    def reload(self, asked: frozenset[int] = frozenset()) -> None:
        """Load the configuration again, for these requests or for nobody in particular."""
        if self._reloading.begin(asked):
            self._guard.start(self._reloading.work(lambda: self._engine))

    def _use(self, config: Config) -> None:
        self._engine.load(config.jobs, limits=config.limits, channels=config.channels)
        self._telling.use(config)
        self._timer.arm(self._engine.book.alarms())
        self._holding.loaded(config)
        self.config = config
        self._plan_turn()

    # how it ends

    @property
    def is_leaving(self) -> bool:
        """Whether running jobs would be left alone if it were told to stop now."""
        return self._stopping.how is None and self._on_stop is OnStop.LEAVE

    @property
    def _on_stop(self) -> OnStop:
        return self._options.on_stop or self.config.on_stop

    def stop(self, by: str, how: OnStop | None = None) -> None:
        """Stop as `how` or the configuration says; the second time, cancel what runs."""
        self._notifying.stopping()
        self._stopping.ask(
            by,
            how or self._on_stop,
            grace=self.config.shutdown_grace,
            engine=lambda: self._engine,
        )
        self._plan_turn()

    def _call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._loop.call_later(seconds, self._guard.call, self._and_turn, callback)

    def _and_turn(self, callback: Callable[[], None]) -> None:
        if not self._done.done():
            callback()
            self._plan_turn()

    def _close(self) -> None:
        self._timer.stop()
        self._holding.check.stop()
        self._backups.stop()
        if hasattr(self, "_poke"):
            self._loop.remove_reader(self._poke)
            self._poke.close()
        if self._clock_watch.descriptor is not None:
            self._loop.remove_reader(self._clock_watch.descriptor)
        self._clock_watch.close()
        self._supervised.close()
        self._programs.close()

    def _record(self, kind: str, text: str) -> None:
        """Say and write down what happened to the scheduler itself."""
        self._say(Kind.NOTICE, text)
        with transaction(self._holding.history):
            record.event(self._holding.history, kind, text, at=clock.now())
        self._tell(text)

    def _status(self) -> str:
        return self._trouble or status_line(self._engine, self._timer.next(), now=clock.now())

    def _tell(self, text: str) -> None:
        self._engine.tell(text)

    def _say(self, kind: Kind, text: str) -> None:
        self._report([Report(kind, clock.now(), text)])
