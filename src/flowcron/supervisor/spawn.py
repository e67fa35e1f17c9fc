"""Starting a job's process: where, with which environment, and why it could not be started."""

from __future__ import annotations

import os
import resource

from flowcron.supervisor.account import Account, own_environment
from flowcron.supervisor.forked import DEFAULTED, NEEDED_FOR, Child
from flowcron.supervisor.forked import start as start_forked
from flowcron.supervisor.limits import Limits
from flowcron.supervisor.program import enter, find, invalid, refusal
from flowcron.supervisor.stdin import open_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowcron.supervisor.protocol import Message

_PATH_ONLY = getattr(os, "O_PATH", os.O_RDONLY)  # then it need not be readable
_ALWAYS_INHERITED = (b"FLOWCRON_DB", b"FLOWCRON_CONFIG")  # every job gets these
_AS_CRON_GIVES = {b"SHELL": b"/bin/sh", b"PATH": b"/usr/bin:/bin"}


class Spawner:
    """Starts processes with a common environment, each in its own session.

    The supervisor itself goes to the job's folder for the start, which is why it must have a
    single thread; `go_home` brings it back.
    """

    __slots__ = ("_away", "_base", "_home", "_limit", "_null", "_own_limit")

    def __init__(self, environment: Mapping[str, str], *, limit: tuple[int, int] | None) -> None:
        self.inherit(environment)
        self._limit = limit
        self._own_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._home = os.open(".", _PATH_ONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._away = False

    def inherit(self, environment: Mapping[str, str]) -> None:
        """Replace the environment that all jobs share."""
        self._base = _encoded(environment)

    def start(self, message: Message, *, outputs: tuple[int, int]) -> int:
        """Start the process of a spawn message and return its pid; SpawnError if that cannot be."""
        stdin = message.get("stdin")
        source = self._null if stdin is None else open_text(stdin)
        try:
            if NEEDED_FOR.isdisjoint(message):
                return self._plain(message, (source, *outputs))
            return self._forked(message, (source, *outputs))
        except (ValueError, TypeError, IndexError) as error:
            raise invalid(message["argv"], error) from error
        finally:
            if source != self._null:
                os.close(source)

    def go_home(self) -> None:
        """Leave the folder of the last job, so that it can be unmounted."""
        if self._away:
            os.fchdir(self._home)
            self._away = False

    def shut(self) -> None:
        """Close what is held open."""
        os.close(self._null)
        os.close(self._home)

    def _plain(self, message: Message, streams: tuple[int, int, int]) -> int:
        cwd, argv = message["cwd"], message["argv"]
        if cwd is None:
            self.go_home()
        else:
            enter(cwd)
            self._away = True
        environment = self._environment(message, None)
        return self._posix_spawn(find(argv[0], environment), argv, environment, streams)

    def _forked(self, message: Message, streams: tuple[int, int, int]) -> int:
        self.go_home()
        user, group = message.get("user"), message.get("group")
        account = None if user is None and group is None else Account(user, group)
        child = Child(
            message,
            environment=self._environment(message, account),
            account=account,
            limits=Limits(message, open_files=self._limit),
            streams=streams,
        )
        return start_forked(child)

    def _environment(self, message: Message, account: Account | None) -> dict[bytes, bytes]:
        """Return what is inherited, or what cron gives, and on top of it what the job says."""
        base = self._base
        if message.get("inherit_env", True) is False:
            inherited = {name: base[name] for name in _ALWAYS_INHERITED if name in base}
            own = (account and account.environment) or own_environment()
            base = _encoded(own) | _AS_CRON_GIVES | inherited
        elif account is not None:
            base = base | _encoded(account.environment)
        return base | _encoded(message["env"]) | {b"FLOWCRON_TOKEN": message["token"].encode()}

    def _posix_spawn(
        self,
        program: bytes,
        argv: list[str],
        environment: dict[bytes, bytes],
        streams: tuple[int, int, int],
    ) -> int:
        if self._limit is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._limit)
        try:
            return os.posix_spawn(
                program,
                argv,
                environment,
                file_actions=(
                    (os.POSIX_SPAWN_DUP2, streams[0], 0),
                    (os.POSIX_SPAWN_DUP2, streams[1], 1),
                    (os.POSIX_SPAWN_DUP2, streams[2], 2),
                ),
                setsid=True,
                setsigmask=(),
                setsigdef=DEFAULTED,
            )
        except OSError as error:
            raise refusal(program, error) from error
        finally:
            if self._limit is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, self._own_limit)


def raise_descriptors() -> tuple[int, int] | None:
    """Let this process open as many files as it may; return the limits it had, None if the same."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[0] == before[1]:
        return None
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    except (OSError, ValueError):  # macOS says "unlimited" and means 24,576
        return None
    return before


def _encoded(environment: Mapping[str, str]) -> dict[bytes, bytes]:
    encode = os.fsencode
    return {encode(name): encode(value) for name, value in environment.items()}
