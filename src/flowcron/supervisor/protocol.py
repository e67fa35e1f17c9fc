"""The messages between scheduler and supervisor: one JSON object a line over a Unix socket.

Every message but `hello`, `list`, `ack` and `listed` names an attempt by `run` and `attempt`. Times
are integer microseconds since the epoch, lengths of time float seconds. Unknown fields are ignored.

From the scheduler (`op`):

=========  =======================================================================================
hello      first on a connection: `protocol`, `epoch`, `history` (attempts of another one are
           not spoken of any more), `environment` (what jobs inherit)
list       say everything you know: `started` or the final message of each attempt, then `listed`
spawn      start an attempt: `token`, `argv`, `env` (added to the environment), `cwd` or null,
           `timeout` or null, `kill_after`, `log` (path without suffix, relative to the state
           directory), `log_limit` (bytes). Ignored for an attempt that is known already.
           May have: `user` and `group` (names or numbers; `group` alone is that one group),
           `umask` (a number), `nice` (as nice as that, whatever flowcron is), `stdin` (a text, then
           the end of file), `memory` (private bytes), `cpu_time` (seconds, rounded up; SIGXCPU) and
           `open_files` (limits of each process), `inherit_env` (false: only what cron gives),
           `mask` (texts that are never written down: secrets)
adopt      take over an attempt whose supervisor died: `token`, `pid`, `pid_started`, `pid_inode`,
           `started_at`, `deadline` (wall clock, or null), `kill_after`, `log`, `log_limit`. May
           have `mask`: null when there are secrets that nobody knows any more, so that nothing
           of its output is kept from then on
signal     send `signal` (a number) to the attempt's process group. With `why` (cancel) its whole
           tree is asked to end and is killed `kill_after` seconds later (without the field: the
           attempt's own); without `why` it is only signalled
ack        `attempts`: a list of [run, attempt] whose end is written down: forget them
=========  =======================================================================================

From the supervisor (`ev`):

============  ====================================================================================
hello         `protocol`, `instance` (random, of this supervisor), `pid`, `boot`; or `refused`,
              a sentence, when the epoch is older than one seen before
started       `pid`, `pid_started` (clock ticks since boot, from /proc; null where the inode alone
              tells processes apart), `pid_inode` (of the pidfd; null where it says nothing), `at`;
              in a list also `why` (cancel) when it was asked to end since then
exited        `at`, `started_at`, `pid`, `status` (raw wait status, or null when nobody knows it),
              `why` (exit, timeout, cancel), `max_rss` (KiB; never below the supervisor's own, Linux
              counts that in), `cpu` (µs), both null for an adopted attempt, `bytes` (all that was
              written, a secret counted as its mask), `elided` (how many of them were not kept),
              `output` and `pieces` (base64, when everything written is small) and `last` (the last
              line worth reading, or null)
spawn_failed  `at`, `what` (cwd, exec, resources, or the field that cannot be: user, group, nice,
              memory, cpu_time, open_files, stdin), `error` (the errno's name), `text`
adopt_failed  there is no such process: `at`
listed        the answer to `list` is complete
============  ====================================================================================

`exited`, `spawn_failed` and `adopt_failed` are final: they are kept and said again on `list` until
they are acknowledged, so a scheduler may hear one twice.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # importing typing would cost the supervisor 0.4 MB
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]
else:
    Message = dict

PROTOCOL = 1
SMALL_OUTPUT = 4096

_encode = json.JSONEncoder(separators=(",", ":")).encode
_decode = json.JSONDecoder().raw_decode


def encode(message: Message) -> bytes:
    """Return a message as one line."""
    return _encode(message).encode() + b"\n"


class Lines:
    """Bytes of a stream put together to messages."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Message]:
        """Return the messages that are complete with `chunk`; ValueError if one is no JSON."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [_decode(line.decode())[0] for line in lines]
