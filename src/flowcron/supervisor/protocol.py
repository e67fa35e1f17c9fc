"""The messages between scheduler and supervisor: one JSON object a line over a Unix socket.

Every message but `hello` and `list` names an attempt by `run` and `attempt`. Times are integer
microseconds since the epoch, lengths of time float seconds. Unknown fields are ignored.

From the scheduler (`op`):

=========  =======================================================================================
hello      first on a connection: `protocol`, `epoch`, `environment` (what jobs inherit)
list       say everything you know: `started` or the final message of each attempt, then `listed`
spawn      start an attempt: `token`, `argv`, `env` (added to the environment), `cwd`, `timeout`
           or null, `kill_after`, `log` (path without suffix, relative to the state directory),
           `log_limit` (bytes). Ignored for an attempt that is known already.
adopt      take over an attempt whose supervisor died: `token`, `pid`, `pid_started`, `pid_inode`,
           `started_at`, `deadline` (wall clock, or null), `kill_after`, `log`, `log_limit`
signal     send `signal` (a number) to the whole attempt; it ends as `why` (cancel) and is killed
           after `kill_after` seconds
ack        `attempts`: a list of [run, attempt] whose end is written down: forget them
=========  =======================================================================================

From the supervisor (`ev`):

============  ====================================================================================
hello         `protocol`, `instance` (random, of this supervisor), `pid`, `boot`; or `refused`,
              a sentence, when the epoch is older than one seen before
started       `pid`, `pid_started` (clock ticks since boot, from /proc), `pid_inode`, `at`
exited        `at`, `started_at`, `pid`, `status` (raw wait status, or null when nobody knows it),
              `why` (exit, timeout, cancel), `max_rss` (KiB), `cpu` (µs), `bytes`, `elided`,
              `output` and `pieces` (base64, when everything written is small) and `last` (the
              last line worth reading, or null)
spawn_failed  `at`, `what` (cwd, exec, log, resources), `error` (the errno's name), `text`
adopt_failed  there is no such process: `at`
listed        the answer to `list` is complete
============  ====================================================================================
"""

from __future__ import annotations

import json
from typing import Any

Message = dict[str, Any]

PROTOCOL = 1
SMALL_OUTPUT = 4096

_encode = json.JSONEncoder(separators=(",", ":")).encode


def encode(message: Message) -> bytes:
    """Return a message as one line."""
    return _encode(message).encode() + b"\n"


class Lines:
    """Bytes of a stream put together to messages."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Message]:
        """Return the messages that are complete with `chunk`."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [json.loads(line) for line in lines]
