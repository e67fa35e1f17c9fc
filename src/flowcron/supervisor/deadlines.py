"""What is due when, on the monotonic clock."""

from __future__ import annotations

import heapq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FEW = 64


class Deadline:
    """One thing to do at a time; `due` is None once it was cancelled."""

    __slots__ = ("due", "when")

    def __init__(self, when: float, due: Callable[[], None]) -> None:
        self.when = when
        self.due: Callable[[], None] | None = due

    def __lt__(self, other: Deadline) -> bool:
        """Return whether this one is due earlier, as the heap asks."""
        return self.when < other.when


class Deadlines:
    """A heap of deadlines. Cancelled ones stay until they are half of it, then all go at once."""

    __slots__ = ("_cancelled", "_heap")

    def __init__(self) -> None:
        self._heap: list[Deadline] = []
        self._cancelled = 0

    def add(self, when: float, due: Callable[[], None]) -> Deadline:
        """Have `due` called at `when`, in seconds of the monotonic clock."""
        deadline = Deadline(when, due)
        heapq.heappush(self._heap, deadline)
        return deadline

    def cancel(self, deadline: Deadline) -> None:
        """Do not call it after all; nothing happens if it was called or cancelled before."""
        if deadline.due is None:
            return
        deadline.due = None
        self._cancelled += 1
        if self._cancelled > _FEW and 2 * self._cancelled > len(self._heap):
            self._heap = [kept for kept in self._heap if kept.due is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def wait(self, now: float) -> float | None:
        """Return the seconds until the next deadline, or None if there is none."""
        return max(0.0, self._heap[0].when - now) if self._heap else None

    def call_due(self, now: float) -> None:
        """Call everything that is due."""
        while self._heap and self._heap[0].when <= now:
            deadline = heapq.heappop(self._heap)
            due, deadline.due = deadline.due, None
            if due is None:
                self._cancelled -= 1
            else:
                due()
