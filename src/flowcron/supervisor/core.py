"""The supervisor's work without its socket: messages in, processes run, messages out."""

from __future__ import annotations

import os
import time
from functools import partial

from flowcron.faults import reach
from flowcron.supervisor import report
from flowcron.supervisor.adopt import open_outputs
from flowcron.supervisor.attempt import Attempt
from flowcron.supervisor.cgroups import delegated
from flowcron.supervisor.children import Children
from flowcron.supervisor.deadlines import Deadlines
from flowcron.supervisor.endings import Endings
from flowcron.supervisor.foreign import ForeignProcess
from flowcron.supervisor.identity import inodes_are_unique
from flowcron.supervisor.orphans import Orphans, become_reaper
from flowcron.supervisor.output import AttemptLog
from flowcron.supervisor.output_resume import resume
from flowcron.supervisor.outputs import Outputs, mask_of
from flowcron.supervisor.poll import make_poller
from flowcron.supervisor.program import SpawnError
from flowcron.supervisor.spawn import Spawner
from flowcron.supervisor.tree import signal_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from resource import struct_rusage

    from flowcron.supervisor.attempt import Key
    from flowcron.supervisor.mask import Mask
    from flowcron.supervisor.poll import Poller
    from flowcron.supervisor.protocol import Message


class Supervisor:
    """Runs attempts below a state directory and says what becomes of them through `emit`.

    It does nothing by itself: call `step` in a loop. `limit` is what jobs get as RLIMIT_NOFILE when
    this process has another. It needs a process with a single thread. With `reaped` it takes all
    children of this process for what jobs have left and reaps them, where the system can (Linux);
    `reaped` gets the pid and the status of those that are no job's first process.
    """

    def __init__(
        self,
        state_dir: str,
        *,
        emit: Callable[[Message], None],
        environment: Mapping[str, str],
        limit: tuple[int, int] | None = None,
        poller: Poller | None = None,
        reaped: Callable[[int, int], None] | None = None,
    ) -> None:
        self.poller = poller or make_poller()
        self._state_dir = os.path.abspath(state_dir)
        self._emit = emit
        self._spawner = Spawner(environment, limit=limit)
        self._attempts: dict[Key, Attempt] = {}
        self._deadlines = Deadlines()
        self._children = Children(self.poller, self._deadlines, self._exited)
        self._orphans: Orphans | None = None
        if reaped is not None and become_reaper():
            self._orphans = Orphans(self._deadlines, self._children.reaped, reaped)
        self._cgroups = delegated()
        self._endings = Endings(self._deadlines, orphans=self._orphans)
        self._outputs = Outputs(self.poller)
        self._left_alone = 0
        self._inode_is_enough = inodes_are_unique()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, is unacknowledged, is to be killed or is still being read."""
        return not (
            self._attempts or self._left_alone or self._outputs.lingering or self._endings.pending
        )

    @property
    def is_still(self) -> bool:
        """Whether nothing runs any more, though ends may not be acknowledged."""
        busy = self._left_alone or self._outputs.lingering or self._endings.pending
        return not busy and all(attempt.final for attempt in self._attempts.values())

    @property
    def is_ending(self) -> bool:
        """Whether something was asked to end and may still have to be killed."""
        return bool(self._endings.pending)

    def inherit(self, environment: Mapping[str, str]) -> None:
        """Replace the environment that jobs inherit."""
        self._spawner.inherit(environment)

    def handle(self, message: Message) -> None:
        """Do what a message asks for; what is unknown is ignored."""
        match message["op"]:
            case "spawn":
                self._spawn(message)
            case "adopt":
                self._adopt(message)
            case "signal":
                self._signal(message)
            case "ack":
                for run, attempt in message["attempts"]:
                    self._forget((run, attempt))
            case "list":
                for known in self._attempts.values():
                    self._emit(known.said)
                self._emit({"ev": "listed"})
            case _:
                return

    def leave_alone(self) -> None:
        """Say nothing more of all attempts there are: they belong to another history.

        What runs goes on and keeps its deadline; its number may belong to another run from now on.
        """
        for key, attempt in list(self._attempts.items()):
            del self._attempts[key]
            if not attempt.final:
                attempt.is_left_alone = True
                self._left_alone += 1

    def step(self, timeout: float | None = None) -> None:
        """Take one turn: wait for something to happen, at most `timeout` seconds, and do it."""
        wait = self._deadlines.wait(time.monotonic())
        if timeout is None or (wait is not None and wait < timeout):
            timeout = wait
        self.poller.turn(timeout)
        self._deadlines.call_due(time.monotonic())
        self._spawner.go_home()

    def shut(self) -> None:
        """Give back what it holds itself; running attempts go on by themselves."""
        self._spawner.go_home()
        for attempt in self._attempts.values():
            for stream in attempt.streams:
                stream.close()
        if self._orphans is not None:
            become_reaper(reaper=False)
        self._spawner.shut()
        self.poller.shut()

    def _spawn(self, message: Message) -> None:
        attempt = self._new(message, AttemptLog)
        if attempt is None:
            return
        reach("spawn-received")
        attempt.started_at = report.now()
        mask = None
        try:
            mask = mask_of(message)
            self._start(attempt, message, mask)
        except SpawnError as error:
            attempt.close_streams()
            if mask is not None:
                error.text = mask.hide(error.text)
            self._finish(attempt, report.spawn_failed(attempt, error))
            return
        if message["timeout"] is not None:
            self._endings.arm(attempt, message["timeout"])
        reach("spawn-started")
        self._emit(report.started(attempt, inode_is_enough=self._inode_is_enough))

    def _new(self, message: Message, make_log: Callable[[str, int], AttemptLog]) -> Attempt | None:
        """Return a new attempt, or None if it is known already."""
        key = (message["run"], message["attempt"])
        if key in self._attempts:
            return None
        attempt = self._attempts[key] = Attempt(
            key,
            token=message["token"],
            kill_after=message["kill_after"],
            log=make_log(os.path.join(self._state_dir, message["log"]), message["log_limit"]),
        )
        return attempt

    def _start(self, attempt: Attempt, message: Message, mask: Mask | None) -> None:
        theirs: list[int] = []
        try:
            self._outputs.open(attempt, theirs, mask=mask)
            if self._cgroups is not None:
                attempt.cgroup = self._cgroups.enter(attempt.token)
            attempt.pid = self._spawner.start(message, outputs=(theirs[0], theirs[1]))
        finally:
            if self._cgroups is not None:
                self._cgroups.leave()
            for fd in theirs:
                os.close(fd)
        if self._orphans is not None:
            self._orphans.expect(attempt)
        self._children.watch(attempt)

    def _adopt(self, message: Message) -> None:
        attempt = self._new(message, partial(resume, at=report.now()))
        if attempt is None:
            return
        attempt.pid, attempt.started_at = message["pid"], message["started_at"]
        on_end = partial(self._exited, attempt)
        process = ForeignProcess(self.poller, self._deadlines, on_end)
        if not process.find(message, inode_is_enough=self._inode_is_enough):
            attempt.log.close()
            self._finish(attempt, attempt.message("adopt_failed", at=report.now()))
            return
        attempt.pidfd, attempt.is_adopted = process.pidfd, True
        if self._cgroups is not None:
            attempt.cgroup = self._cgroups.find(attempt.token)
        self._read_on(attempt, message)
        if message["deadline"] is not None:
            self._endings.arm(attempt, (message["deadline"] - report.now()) / 1e6)
        self._emit(report.started(attempt, inode_is_enough=self._inode_is_enough))

    def _read_on(self, attempt: Attempt, message: Message) -> None:
        """Read what an adopted process writes; without its secrets nothing of it may be kept."""
        mask = None
        try:
            mask = mask_of(message)
        except SpawnError:
            attempt.log.hush()
        for number, fd in enumerate(open_outputs(attempt.pid)):
            if fd is not None:
                self._outputs.read(attempt, fd, number, mask=mask, resumed=True)

    def _exited(
        self, attempt: Attempt, status: int | None, usage: struct_rusage | None = None
    ) -> None:
        self._outputs.release(attempt)
        attempt.log.close()
        self._endings.ended(attempt)
        reach("exited-unsent")
        self._finish(attempt, report.exited(attempt, status, usage))

    def _signal(self, message: Message) -> None:
        attempt = self._attempts.get((message["run"], message["attempt"]))
        if attempt is None or attempt.final:
            return
        number, why = message["signal"], message.get("why")
        if why is None:
            signal_group(attempt, number)
        else:
            attempt.said["why"] = why  # a scheduler that comes later need not ask again
            self._endings.ask(attempt, number, why=why, kill_after=message.get("kill_after"))

    def _finish(self, attempt: Attempt, message: Message) -> None:
        attempt.final = True
        attempt.streams = ()
        if attempt.cgroup is not None and self._cgroups is not None:
            self._cgroups.drop(attempt.cgroup)
        if attempt.is_left_alone:
            self._left_alone -= 1
        else:
            self._emit(message)

    def _forget(self, key: Key) -> None:
        attempt = self._attempts.get(key)
        if attempt is None or not attempt.final:
            return
        del self._attempts[key]
        if attempt.disposable:
            attempt.log.remove()
