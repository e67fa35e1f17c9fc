"""One attempt, as the supervisor knows it: running, or ended and not yet acknowledged."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.cgroups import Cgroup
    from flowcron.supervisor.deadlines import Deadline
    from flowcron.supervisor.output import AttemptLog
    from flowcron.supervisor.protocol import Message
    from flowcron.supervisor.stream import Stream

    Key = tuple[int, int]


class Attempt:
    """A process and everything held for it; `said` is the message that stands for it now.

    Its log is disposable when all of it was sent with the final message.
    """

    __slots__ = (
        "cgroup",
        "deadline",
        "disposable",
        "final",
        "is_adopted",
        "is_left_alone",
        "key",
        "kill_after",
        "log",
        "pid",
        "pidfd",
        "said",
        "started_at",
        "streams",
        "token",
        "why",
    )

    def __init__(self, key: Key, *, token: str, kill_after: float, log: AttemptLog) -> None:
        self.key = key
        self.token = token
        self.pid = 0
        self.pidfd = -1
        self.started_at = 0
        self.kill_after = kill_after
        self.why: str | None = None
        self.deadline: Deadline | None = None
        self.log = log
        self.disposable = False
        self.streams: tuple[Stream, ...] = ()
        self.said: Message = {}
        self.final = False
        self.is_adopted = False
        self.is_left_alone = False
        self.cgroup: Cgroup | None = None

    def message(self, event: str, **fields: object) -> Message:
        """Return a message about this attempt and remember it."""
        self.said = {"ev": event, "run": self.key[0], "attempt": self.key[1], **fields}
        return self.said

    def close_streams(self) -> None:
        """Close the pipes of a process that never came to be."""
        for stream in self.streams:
            stream.close()

    def last_line(self) -> str | None:
        """Return the last line worth reading: of stderr if it wrote any, else of stdout."""
        lines = [stream.last_line() for stream in reversed(self.streams)]
        return next((line for line in lines if line), None)
