"""The log files beside the history: which are left of runs that it does not have any more."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from flowcron.domain.run import RUNS_A_FOLDER, logs_of
from flowcron.history.database import Connection, identity


class Removed(NamedTuple):
    """How many files were deleted, and their bytes."""

    files: int = 0
    size: int = 0


def remove_orphans(
    connection: Connection, state: Path, folders: Collection[int] | None = None
) -> Removed:
    """Delete the logs of runs that history does not have, and the folders that are empty then.

    `folders` are the numbers of those to look into; None are all, for what a crash between a
    commit and this left. `state` is the state directory. Raises OSError where a file cannot be
    deleted.
    """
    logs = state / logs_of(identity(connection))
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()
    files = size = 0
    for folder in _folders(logs):
        number = int(folder.name)
        if folders is not None and number not in folders:
            continue
        for orphan in _orphans(connection, folder, number):
            size += orphan.stat().st_size
            orphan.unlink()
            files += 1
        if number < newest // RUNS_A_FOLDER and not any(folder.iterdir()):
            folder.rmdir()  # never the newest, in which somebody may be about to write
    return Removed(files, size)


def _folders(logs: Path) -> list[Path]:
    if not logs.is_dir():
        return []
    return sorted(each for each in logs.iterdir() if each.name.isdecimal() and each.is_dir())


def _orphans(connection: Connection, folder: Path, number: int) -> list[Path]:
    """Return the files of no run; they are listed first, because a run is recorded before it logs.

    What is called otherwise is none of ours and stays.
    """
    files = list(folder.iterdir())
    first = number * RUNS_A_FOLDER
    rows = connection.execute(
        "SELECT id FROM runs WHERE id BETWEEN ? AND ?", (first, first + RUNS_A_FOLDER - 1)
    )
    known = {str(run) for (run,) in rows}
    return [
        file
        for file in files
        if file.suffix in {".log", ".idx"} and _is_orphan(file.name.partition(".")[0], known)
    ]


def _is_orphan(run: str, known: set[str]) -> bool:
    return run.isdecimal() and run not in known
