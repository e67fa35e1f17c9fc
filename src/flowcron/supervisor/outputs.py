"""The output streams of all attempts, and of those that ended while others hold their pipes."""

from __future__ import annotations

from flowcron.supervisor.mask import Mask, Veil
from flowcron.supervisor.pipes import READ_AT_ONCE, open_pipe
from flowcron.supervisor.program import SpawnError
from flowcron.supervisor.stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowcron.supervisor.attempt import Attempt
    from flowcron.supervisor.poll import Poller
    from flowcron.supervisor.protocol import Message


class Outputs:
    """Reads what attempts write; `lingering` counts the pipes that outlived their attempt."""

    __slots__ = ("_buffer", "_poller", "lingering")

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._buffer = memoryview(bytearray(READ_AT_ONCE))
        self.lingering = 0

    def open(self, attempt: Attempt, theirs: list[int], *, mask: Mask | None) -> None:
        """Open the two pipes of an attempt, and put the job's ends into `theirs`."""
        try:
            for number in (0, 1):
                ours, other = open_pipe()
                theirs.append(other)
                self.read(attempt, ours, number, mask=mask)
        except OSError as error:
            raise SpawnError.of("resources", error, "cannot open a pipe for its output") from error

    def read(
        self,
        attempt: Attempt,
        fd: int,
        number: int,
        *,
        mask: Mask | None,
        resumed: bool = False,
    ) -> None:
        """Read a pipe of an attempt from now on; `resumed` one that others have read before."""
        veil = None if mask is None else Veil(mask, resumed=resumed)
        stream = Stream(fd, number, log=attempt.log, buffer=self._buffer, veil=veil)
        attempt.streams += (stream,)
        stream.join(self._poller)

    def release(self, attempt: Attempt) -> None:
        """Take the rest of what an ended attempt wrote, and drop what others write to its pipes."""
        for stream in attempt.streams:
            stream.release(self._one_fewer)
            self.lingering += stream.is_open

    def _one_fewer(self) -> None:
        self.lingering -= 1


def mask_of(message: Message) -> Mask | None:
    """Return what must not be written down of an attempt; None if it has no secrets.

    Raises SpawnError if that cannot be said: the message has null in their place, or a secret that
    no process can have been given.
    """
    texts = message.get("mask", ())
    if texts is None:
        raise SpawnError("exec", "EINVAL", "its secrets are not known")
    try:
        return Mask(texts) if texts else None
    except UnicodeEncodeError as error:
        raise SpawnError("exec", "EINVAL", "one of its secrets cannot be encoded") from error
