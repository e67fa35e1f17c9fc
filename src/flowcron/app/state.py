"""The state directory of one scheduler: its lock, its history and the epoch of this start."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowcron import __version__
from flowcron.app.asking import LOCK
from flowcron.config.config import Config
from flowcron.errors import HistoryError, RefusedError
from flowcron.history import schedulers
from flowcron.history.database import Connection, identity, open_history, transaction
from flowcron.system import clock
from flowcron.system.lock import Lock, holder
from flowcron.system.processes import boot_id

_BUSY_TIMEOUT = 1000  # milliseconds that the loop may stand still for another's transaction
PATIENCE = 3.0  # seconds to wait for a scheduler that is just going


@dataclass(frozen=True, slots=True)
class Holding:
    """What a scheduler holds while it lives."""

    state: Path
    path: Path
    history: Connection
    epoch: int
    boot: str
    config: Path
    identity: str
    lock: Lock
    inode: tuple[int, int] | None

    def loaded(self, digest: str) -> None:
        """Record which configuration is used from now on."""
        with transaction(self.history):
            schedulers.configuration_loaded(self.history, self.epoch, digest=digest, at=clock.now())

    def insist_it_is_still_there(self) -> None:
        """Raise RefusedError when the lock or the history is no longer the file that we opened.

        SQLite goes on writing into a deleted file without an error, and beside a new lock another
        scheduler may run.
        """
        if not (self.lock.is_in_place() and self.inode == _inode(self.path)):
            raise RefusedError(
                f"{self.path.parent} was deleted or replaced while the scheduler ran",
                hint="running jobs go on; start the scheduler again",
            )


@contextmanager
def hold(path: Path, config: Config) -> Iterator[Holding]:
    """Take the lock, open the history and record this start.

    Raises RefusedError when another scheduler holds the lock, HistoryError when the history or
    its folder cannot be used.
    """
    history = open_history(path)
    history.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
    lock = None
    try:
        _insist_on_privacy(path.parent)
        lock = _locked(path.parent / LOCK)
        boot = boot_id()
        with transaction(history):
            epoch = schedulers.scheduler_started(
                history,
                pid=os.getpid(),
                boot=boot,
                host=socket.gethostname(),
                version=__version__,
                config=str(config.path),
                digest=config.digest,
                at=clock.now(),
            )
        yield Holding(
            path.parent,
            path,
            history,
            epoch,
            boot,
            config.path,
            identity=identity(history),
            lock=lock,
            inode=_inode(path),
        )
    finally:
        history.close()
        if lock is not None:
            lock.close()


def stopped(holding: Holding, reason: str) -> None:
    """Record an orderly end."""
    with transaction(holding.history):
        schedulers.scheduler_stopped(holding.history, holding.epoch, at=clock.now(), reason=reason)


def _locked(path: Path) -> Lock:
    lock = Lock(path)
    deadline = clock.monotonic() + PATIENCE
    while not lock.take():
        if clock.monotonic() > deadline:
            lock.close()
            raise RefusedError(
                f"a scheduler is already running on {path.parent} (pid {holder(path)})",
                hint="flowcron status · flowcron stop · or another history with --db",
            )
        time.sleep(0.1)
    return lock


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _insist_on_privacy(folder: Path) -> None:
    """Refuse a folder where others could put their own socket, log or history."""
    found = folder.stat()
    if found.st_uid not in {os.geteuid(), 0} or found.st_mode & stat.S_IWOTH:
        raise HistoryError(
            f"the state directory {folder} is not ours alone: others may write there",
            hint="put the history into a folder of its own, as with --db state/history.db",
        )
