"""Asking the running scheduler for something, through history, and waiting for its answer."""

from __future__ import annotations

import getpass
import os
import time
from pathlib import Path
from typing import Any

from flowcron.errors import FlowcronError, NotRunningError
from flowcron.history import requests, schedulers
from flowcron.history.database import Connection, open_history, transaction
from flowcron.system import clock
from flowcron.system.lock import holder
from flowcron.system.poke import poke

LOCK = "scheduler.lock"
_NO_SCHEDULER = "start one with: flowcron start"


def scheduler_pid(history: Path) -> int | None:
    """Return the pid of the scheduler of this history, or None when there is none."""
    return holder(history.parent / LOCK)


class RefusalError(FlowcronError):
    """What was asked for was refused; exit code and `result` are the scheduler's word."""

    def __init__(self, message: str, *, exit_code: int, result: dict[str, Any]) -> None:
        super().__init__(message, hint=result.get("hint"))
        self.exit_code = exit_code
        self.result = result


def ask(
    history: Path, kind: str, *, patience: float, arguments: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Ask the running scheduler and return the result it answers.

    Raises NotRunningError when there is none, or when it ends or stays silent for `patience`
    seconds, and RefusalError when it refuses. A request that was not answered is taken back.
    """
    if scheduler_pid(history) is None:
        raise NotRunningError("the scheduler is not running", hint=_NO_SCHEDULER)
    connection = open_history(history)
    try:
        with transaction(connection):
            scheduler = schedulers.last_scheduler(connection)
            addressee = None if scheduler is None else scheduler.id
            request = _insert(connection, kind, arguments or {}, addressee)
        poke(history.parent)
        deadline = clock.monotonic() + patience
        while (given := requests.answer_to(connection, request)) is None:
            alive = scheduler_pid(history) is not None
            if clock.monotonic() > deadline or not alive:
                if requests.withdraw(connection, request, at=clock.now()):
                    raise NotRunningError(
                        _silence(alive=alive, patience=patience), hint="flowcron status"
                    )
                continue
            time.sleep(0.02)
    finally:
        connection.close()
    if given.error is not None:
        raise RefusalError(given.error, exit_code=given.exit_code or 1, result=given.result)
    return given.result


def leave_request(history: Path, kind: str, arguments: dict[str, Any]) -> None:
    """Ask whichever scheduler comes next."""
    connection = open_history(history)
    try:
        with transaction(connection):
            _insert(connection, kind, arguments, None)
    finally:
        connection.close()


def whoami() -> str:
    """Return the name of the user, for the record of who asked."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _insert(
    connection: Connection, kind: str, arguments: dict[str, Any], scheduler: int | None
) -> int:
    return requests.ask(
        connection,
        kind,
        arguments,
        scheduler=scheduler,
        requested_by=whoami(),
        at=clock.now(),
    )


def _silence(*, alive: bool, patience: float) -> str:
    if alive:
        return f"the scheduler has not answered within {patience:g} s; the request was taken back"
    return "the scheduler ended before it answered; the request was taken back"
