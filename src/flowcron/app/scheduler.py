"""The scheduler process: an asyncio loop that wakes the engine and otherwise does nothing."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcron.app.aside import aside
from flowcron.app.configuration import Watch, differences
from flowcron.app.state import Holding
from flowcron.app.supervision import Supervised
from flowcron.config.config import Config, OnStop
from flowcron.domain.instant import SECOND
from flowcron.engine.engine import Engine
from flowcron.engine.report import Kind, Report
from flowcron.errors import ConfigError, FlowcronError
from flowcron.history import schedulers
from flowcron.history.database import transaction
from flowcron.history.requests import Answer
from flowcron.system import clock, memory, poke
from flowcron.system.processes import MachineProcesses, become_reaper
from flowcron.system.steps import ClockWatch
from flowcron.system.timer import LONGEST_SLEEP, Timer

HEARTBEAT = 10.0  # seconds between two looks at the files, the requests and the wall clock


@dataclass(frozen=True, slots=True)
class Options:
    """What `flowcron start` was told beyond the configuration."""

    history: Path
    on_stop: OnStop | None = None


class Scheduler:
    """One life of the scheduler, from the lock to the last commit."""

    def __init__(
        self, config: Config, options: Options, *, report: Callable[[Sequence[Report]], None]
    ) -> None:
        self._config = config
        self._options = options
        self._report = report
        self._processes = MachineProcesses()
        self._timer = Timer(self._on_due)
        self._clock_watch = ClockWatch()
        self._stopping: OnStop | None = None
        self._reloading = False
        self._turn_is_planned = False
        self._retry_alarm: asyncio.TimerHandle | None = None

    async def run(self, holding: Holding) -> str:
        """Schedule until told to stop; return the reason why it stopped."""
        self._loop = asyncio.get_running_loop()
        self._holding = holding
        self._done: asyncio.Future[str] = self._loop.create_future()
        self._watch = Watch(self._config)
        become_reaper()
        self._listen_for_signals()
        self._supervised = Supervised(
            holding, on_message=self._on_messages, on_close=self._on_close
        )
        self._engine = Engine(
            holding.history,
            launcher=self._supervised,
            processes=self._processes,
            clock=clock.now,
            report=self._report,
        )
        self._engine.load(self._config.jobs)
        self._engine.recover(holding.epoch, await self._supervised.connect())
        self._poke = poke.listen(holding.state)
        self._loop.add_reader(self._poke, self._on_poke)
        if self._clock_watch.descriptor is not None:
            self._loop.add_reader(self._clock_watch.descriptor, self._on_clock)
        self._timer.arm(self._engine.book.schedules())
        self._timer.start()
        self._engine.look_at_everything()  # whatever came due before the timer was armed
        self._plan_turn()
        self._loop.call_later(HEARTBEAT, self._beat)
        memory.settle()
        try:
            return await self._done
        finally:
            self._close()

    # what wakes it

    def _on_due(self, key: str) -> None:
        self._engine.due(key)
        self._plan_turn()

    def _on_messages(self, messages: list[dict[str, Any]]) -> None:
        self._engine.receive(messages)
        self._plan_turn()

    def _on_poke(self) -> None:
        poke.drain(self._poke)
        self._engine.asked()
        self._plan_turn()

    def _on_close(self) -> None:
        """Start another supervisor: this one is dead, its jobs are not."""
        if not self._done.done():
            self._say(Kind.WARNING, "the supervisor died; its jobs go on under a new one")
            self._engine.supervisor_died()
            self._replacing = asyncio.ensure_future(self._replace_supervisor())

    async def _replace_supervisor(self) -> None:
        """Find a successor; when there can be none, the scheduler cannot go on either."""
        try:
            supervision = await self._supervised.connect()
        except (FlowcronError, OSError) as error:
            self._done.set_exception(error)
            return
        self._engine.hand_over(supervision.supervisor_id)
        self._plan_turn()

    def _on_clock(self) -> None:
        """Decide anew about everything when the wall clock was set."""
        if step := self._clock_watch.step():
            self._engine.clock_stepped(step)
            self._timer.arm_again(self._engine.book.schedules())
            self._plan_turn()

    def _beat(self) -> None:
        if self._done.done():
            return
        self._loop.call_later(HEARTBEAT, self._beat)
        self._on_clock()
        if self._config.auto_reload and self._watch.has_changed():
            self._reload()
        self._engine.look()
        self._plan_turn()

    def _listen_for_signals(self) -> None:
        self._loop.add_signal_handler(signal.SIGCHLD, self._processes.reap)
        self._loop.add_signal_handler(signal.SIGHUP, self._reload)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop, signal.Signals(number).name)

    # what it does

    def _plan_turn(self) -> None:
        """Do one turn soon, however many wake it: what arrives together is committed together."""
        if not self._turn_is_planned:
            self._turn_is_planned = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_is_planned = False
        if self._done.done():
            return
        if self._engine.step():
            self._plan_turn()
        self._do_wishes()
        self._set_retry_alarm()
        if self._stopping in {OnStop.WAIT, OnStop.CANCEL} and not self._engine.under_way:
            self._finish()

    def _do_wishes(self) -> None:
        wishes = self._engine.wishes
        if wishes.reload:
            self._reload()
        if wishes.stop is not None:
            how, wishes.stop = wishes.stop, None
            self._stop("flowcron stop", OnStop(how) if how else None)

    def _set_retry_alarm(self) -> None:
        if self._retry_alarm is not None:
            self._retry_alarm.cancel()
            self._retry_alarm = None
        due = self._engine.next_retry()
        if due is not None:
            wait = min(max((due - clock.now()) / SECOND, 0), LONGEST_SLEEP)
            self._retry_alarm = self._loop.call_later(wait, self._plan_turn)

    def _reload(self) -> None:
        """Load the configuration in a thread, so that nothing due waits for it."""
        if not self._reloading:
            self._reloading = True
            self._loading = asyncio.ensure_future(self._load())

    async def _load(self) -> None:
        try:
            config = await aside(self._watch.load)
        except ConfigError as error:
            self._reloading = False
            text = f"{error.message} · the configuration stays as it was"
            self._say(Kind.WARNING, text)
            problems = [f"{p.file}:{p.line}: {p.message}" for p in error.problems if not p.warning]
            self._engine.answer_reload(Answer({"problems": problems}, error.message, 3))
            return
        self._reloading = False
        self._use(config)

    def _use(self, config: Config) -> None:
        changes = differences(self._config, config)
        self._config = config
        self._engine.load(config.jobs)
        self._timer.arm(self._engine.book.schedules())
        self._record_loaded(config)
        self._say(Kind.NOTICE, f"configuration loaded: {changes}")
        self._engine.answer_reload(Answer({"changes": str(changes), "jobs": len(config.jobs)}))
        self._plan_turn()

    def _record_loaded(self, config: Config) -> None:
        with transaction(self._holding.history):
            schedulers.configuration_loaded(
                self._holding.history, self._holding.epoch, digest=config.digest, at=clock.now()
            )

    # how it ends

    def _stop(self, by: str, how: OnStop | None = None) -> None:
        if self._stopping is not None:
            self._say(Kind.NOTICE, "cancelling what still runs")
            self._cancel(by)
            return
        self._reason = by
        self._stopping = how or self._options.on_stop or self._config.on_stop
        self._engine.accepting = False
        if self._stopping is OnStop.LEAVE:
            self._say(Kind.NOTICE, "stopping; running jobs go on and are adopted at the next start")
            self._loop.call_soon(self._finish)
            return
        if self._stopping is OnStop.CANCEL:
            self._cancel(by)
        elif waiting := self._engine.under_way:
            names = ", ".join(dict.fromkeys(live.job.name for live in waiting))
            self._say(Kind.NOTICE, f"stopping: waiting for {names}; again to cancel")
            grace = self._config.shutdown_grace.total_seconds()
            self._loop.call_later(grace, self._cancel, f"{by}, after {grace:g} s")
        self._plan_turn()

    def _cancel(self, by: str) -> None:
        if not self._done.done():
            self._stopping = OnStop.CANCEL
            self._engine.cancel_all(by)
            self._plan_turn()

    def _finish(self) -> None:
        if not self._done.done():
            self._engine.step()
            self._done.set_result(self._reason)

    def _close(self) -> None:
        self._timer.stop()
        self._loop.remove_reader(self._poke)
        self._poke.close()
        if self._clock_watch.descriptor is not None:
            self._loop.remove_reader(self._clock_watch.descriptor)
        self._clock_watch.close()
        self._supervised.close()

    def _say(self, kind: Kind, text: str) -> None:
        self._report([Report(kind, clock.now(), text)])
