"""The state directory of one scheduler: its lock, its history and the epoch of this start."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowcron import __version__
from flowcron.app.asking import LOCK
from flowcron.app.opening import Tell, open_whole
from flowcron.app.privacy import insist_on_privacy
from flowcron.app.trouble import explained
from flowcron.config.aside import told
from flowcron.config.config import Config
from flowcron.errors import HistoryError, RefusedError
from flowcron.history import configurations, schedulers
from flowcron.history.copies import companions
from flowcron.history.database import (
    Connection,
    DatabaseTrouble,
    identity,
    make_state_folder,
    transaction,
    translated,
)
from flowcron.history.integrity import Check
from flowcron.system import clock
from flowcron.system.lock import Lock, holder
from flowcron.system.mounts import mount_of
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
    files: tuple[tuple[int, int] | None, ...]
    check: Check

    def loaded(self, config: Config) -> None:
        """Record which configuration is used from now on, for a start when it is broken too."""
        now = clock.now()
        with transaction(self.history):
            schedulers.configuration_loaded(self.history, self.epoch, digest=config.digest, at=now)
            _keep(self.history, config)

    def insist_it_is_still_there(self) -> None:
        """Raise RefusedError when the lock or the history is no longer the file that we opened.

        SQLite goes on writing into a deleted file without an error, and beside a new lock another
        scheduler may run. The files that SQLite keeps beside the history are part of it.
        """
        if not (self.lock.is_in_place() and self.files == _files(self.path)):
            raise RefusedError(
                f"{self.path.parent} was deleted or replaced while the scheduler ran",
                hint="running jobs go on; start the scheduler again",
            )


@contextmanager
def hold(path: Path, config: Config, *, tell: Tell) -> Iterator[Holding]:
    """Take the lock, open the history and record this start; heal a history that is broken.

    Raises RefusedError when another scheduler holds the lock, HistoryError when the history or
    its folder cannot be used.
    """
    with translated(path):
        make_state_folder(path.parent)
        insist_on_privacy(path.parent)
        _insist_on_locks(path.parent, is_wanted=config.on_network)
        lock = _locked(path.parent / LOCK)
    try:
        history, check = open_whole(path, tell=tell)
    except BaseException:
        lock.close()
        raise
    try:
        yield _begun(path, config, history, lock=lock, check=check)
    finally:
        check.stop()
        history.close()
        lock.close()


def _begun(path: Path, config: Config, history: Connection, *, lock: Lock, check: Check) -> Holding:
    """Record the start of a scheduler."""
    boot = boot_id()
    try:
        history.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
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
            _keep(history, config)
    except DatabaseTrouble as error:
        raise explained(error, path) from error
    return Holding(
        path.parent,
        path,
        history,
        epoch,
        boot,
        config.path,
        identity=identity(history),
        lock=lock,
        files=_files(path),
        check=check,
    )


def _keep(history: Connection, config: Config) -> None:
    path = str(config.path)
    if configurations.digest_of(history, path) != config.digest:
        configurations.keep(history, path, config.digest, told(config), at=clock.now())


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


def _files(path: Path) -> tuple[tuple[int, int] | None, ...]:
    return tuple(map(_inode, (path, *companions(path))))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _insist_on_locks(folder: Path, *, is_wanted: bool) -> None:
    """Refuse a network file system, where locks fail silently and a history is soon damaged."""
    mount = mount_of(folder)
    if mount is not None and mount.is_network and not is_wanted:
        raise HistoryError(
            f"the state directory {folder} is on a network file system ({mount.kind}, mounted at "
            f"{mount.point}), where SQLite's locks cannot be trusted",
            hint="put the history on a local disk; or insist with [history] network = true",
        )
