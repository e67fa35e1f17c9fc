"""What one process may use, and how nice it is to others."""

from __future__ import annotations

import math
import os
import resource

from flowcron.supervisor.program import SpawnError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.protocol import Message

# Memory is what a process has for itself. RLIMIT_AS would count what it merely reserves, which
# Go, Java and sanitizers do by the terabyte.
_KINDS = {
    "memory": resource.RLIMIT_DATA,
    "cpu_time": resource.RLIMIT_CPU,
    "open_files": resource.RLIMIT_NOFILE,
}
_TO_CLEAN_UP = 5  # s of CPU time between SIGXCPU and SIGKILL


class Limits:
    """The limits and the niceness that a message asks for; `apply` puts this process under them.

    `open_files` is what a process gets that asks for nothing, when this one has another limit.
    """

    __slots__ = ("_limits", "_nice")

    def __init__(self, message: Message, *, open_files: tuple[int, int] | None) -> None:
        self._nice: int | None = message.get("nice")
        self._limits: dict[str, tuple[int, int]] = {}
        if open_files is not None:
            self._limits["open_files"] = open_files
        for word in _KINDS:
            if (value := message.get(word)) is not None:
                soft = math.ceil(value)
                self._limits[word] = (soft, soft + _TO_CLEAN_UP * (word == "cpu_time"))

    def apply(self) -> None:
        """Limit this process; SpawnError if it may not have so much."""
        for word, (soft, hard) in self._limits.items():
            _limit(word, soft, hard)
        if self._nice is not None:
            try:
                os.setpriority(os.PRIO_PROCESS, 0, self._nice)
            except OSError as error:
                raise SpawnError.of("nice", error, f"nice: cannot be {self._nice}") from error


def _limit(word: str, soft: int, hard: int) -> None:
    kind = _KINDS[word]
    allowed = resource.getrlimit(kind)[1]
    if word == "cpu_time" and soft <= allowed != resource.RLIM_INFINITY and os.geteuid() != 0:
        hard = min(hard, allowed)
    try:
        resource.setrlimit(kind, (soft, hard))
    except (ValueError, OSError) as error:  # Python makes a ValueError of EPERM
        text = f"{word}: {soft} is more than the {allowed} that flowcron itself may have"
        raise SpawnError(word, "EPERM", text) from error
