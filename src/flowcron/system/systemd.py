"""Asking systemd, the system's manager or a user's, through its own programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from flowcron.errors import FlowcronError
from flowcron.system.calling import Answer, CallError, call
from flowcron.system.cgroup import is_of_users_manager

_BOOTED = Path("/run/systemd/system")
_LINGER = Path("/var/lib/systemd/linger")
_PATIENCE = 10.0  # seconds for a question
_LONG = 400.0  # seconds for a start, which ends by itself after five minutes
_GOING_DOWN = 3.0  # seconds: a machine that goes down waits for nobody


class SystemdError(FlowcronError):
    """What was asked of systemd could not be done."""


class Systemd:
    """One manager: the system's, or with `user` that of the user who asks."""

    def __init__(self, *, user: bool) -> None:
        self.user = user
        self._scope = ["--user"] if user else []

    def insist_it_is_here(self) -> None:
        """Raise SystemdError where no such manager can be asked."""
        if not _BOOTED.is_dir():
            raise SystemdError(
                "this machine is not run by systemd, so there is no service to speak of",
                hint="flowcron start   runs in the foreground, under any other supervisor",
            )
        answer = self.ask("show", "--property", "Version")
        if answer.code:
            raise SystemdError(
                f"systemd does not answer: {answer.last_line}",
                hint="log in as this user, not with su or sudo, or first: sudo loginctl "
                "enable-linger $USER"
                if self.user
                else "systemctl is-system-running",
            )

    def ask(self, *words: str, patience: float = _PATIENCE) -> Answer:
        """Call systemctl and return what it says."""
        return _ask(["systemctl", *self._scope, "--no-pager", *words], patience=patience)

    def do(self, *words: str) -> None:
        """Have systemctl do something; raises SystemdError when it fails."""
        answer = self.ask(*words, patience=_LONG)
        if answer.code:
            called = " ".join(["systemctl", *self._scope, *words])
            raise SystemdError(f"{called} failed: {answer.last_line}")

    def properties(self, unit: str, *names: str) -> dict[str, str]:
        """Return properties of a unit, whether it exists or not; "" for what is not known."""
        answer = self.ask("show", unit, "--property", ",".join(names))
        lines = (line.partition("=") for line in answer.out.splitlines())
        return dict.fromkeys(names, "") | {name: value for name, _, value in lines}

    def journal(self, unit: str, *, lines: int) -> list[str]:
        """Return the last lines that a unit wrote to the journal, or systemd about it."""
        which = "--user-unit" if self.user else "--unit"
        answer = _ask(["journalctl", which, unit, "-n", str(lines), "-o", "cat", "--no-pager"])
        return answer.out.splitlines()


def is_booted() -> bool:
    """Return whether systemd runs this machine."""
    return _BOOTED.is_dir()


def is_going_down() -> bool:
    """Return whether what runs here will soon be gone with the system, its session or container.

    It asks systemd and waits for the answer, for a few seconds at most; no answer is no.
    """
    if os.getpid() == 1:
        return True  # nothing in a container outlives its first process
    if not _BOOTED.is_dir():
        return False
    manager = Systemd(user=is_of_users_manager(os.getpid()))
    try:
        answer = manager.ask("is-system-running", patience=_GOING_DOWN)
    except CallError:
        return False
    return answer.out.strip() == "stopping"


def lingers(user: str) -> bool:
    """Return whether a user's services go on without a login."""
    return (_LINGER / user).exists()


def _ask(argv: Sequence[str], *, patience: float = _PATIENCE) -> Answer:
    environ = dict(os.environ)
    runtime = Path(f"/run/user/{os.getuid()}")
    if "XDG_RUNTIME_DIR" not in environ and runtime.is_dir():
        environ["XDG_RUNTIME_DIR"] = str(runtime)  # su and sudo do not set it
    return call(argv, environ=environ, patience=patience)
