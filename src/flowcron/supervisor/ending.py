"""How one attempt is ended: its whole tree is asked, and what is left is killed."""

from __future__ import annotations

import signal

from flowcron.supervisor.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.deadlines import Deadline
    from flowcron.supervisor.table import Process

_LOOK = 1.0  # s between two looks at what there is, so that nothing gets away unseen
_SOON = 0.01  # s
_TO_FREEZE = 20  # rounds, until what forks has been overtaken
_TO_BE_SURE = 2  # rounds in which nothing was left


class Ending:
    """The steps to an attempt's end; each is taken after a look at the tree.

    To kill, all members are stopped first, round by round until there is no new one: what is
    stopped can neither fork nor leave children without a parent, and it still takes up its place
    where the number of processes is limited, so that a fork bomb cannot outrun it.
    """

    __slots__ = (
        "_frozen",
        "_killed",
        "_killing",
        "_number",
        "_pause",
        "_quiet",
        "_rounds",
        "_struck",
        "timer",
        "tree",
    )

    def __init__(self, attempt: Attempt) -> None:
        self.tree = Tree(attempt)
        self.timer: Deadline | None = None
        self._number: int | None = None
        self._pause = _LOOK
        self._killing = False
        self._rounds = 0
        self._frozen: set[tuple[int, int]] = set()
        self._killed: set[tuple[int, int]] = set()
        self._struck = False
        self._quiet = 0

    def ask(self, number: int) -> None:
        """Send a signal with the next step."""
        self._number = number

    def kill(self) -> None:
        """Begin to kill with the next step."""
        self._killing = True

    def first_ended(self) -> None:
        """Know that the attempt's first process was reaped: it is over when the rest is gone."""
        self.tree.first_was_reaped()
        self._pause = _SOON

    def step(self) -> float | None:
        """Do what is next; return how long to wait for the step after it, None if it is over."""
        if self._killing:
            return self._kill()
        if self._number is not None:
            members = self.tree.alive.values()
            self.tree.send(self._number, members)
            self.tree.send(signal.SIGCONT, members)  # a stopped process can act on nothing else
            self._number = None
        elif self.tree.attempt.final and not self.tree.alive:
            return None
        self._pause = min(2 * self._pause, _LOOK)
        return self._pause

    def _kill(self) -> float | None:
        left = self._new(self._killed)
        if left and self._freeze():
            return 0.0
        if left or not self._struck:
            self._strike(left)
            return _SOON
        self._quiet += 1
        return _SOON if self._quiet < _TO_BE_SURE else None

    def _freeze(self) -> bool:
        """Stop what was not stopped yet; return whether there may be more."""
        new = self._new(self._frozen)
        self._rounds += 1
        if not new or self._rounds > _TO_FREEZE:
            return False
        self.tree.send(signal.SIGSTOP, new)
        self._frozen.update(process.key for process in new)
        return True

    def _strike(self, left: list[Process]) -> None:
        attempt = self.tree.attempt
        if attempt.cgroup is not None:
            attempt.cgroup.kill()
        self.tree.send(signal.SIGKILL, left)
        self._killed.update(process.key for process in left)
        self._struck = True
        self._quiet = 0

    def _new(self, done: set[tuple[int, int]]) -> list[Process]:
        return [process for process in self.tree.alive.values() if process.key not in done]
