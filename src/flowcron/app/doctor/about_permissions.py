"""Who may read and write what flowcron trusts: the history, the configuration, the secrets."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Chmod, Finding, problem, warning, well
from flowcron.config.secret_files import env_files, secret_files
from flowcron.config.small_files import exposure, is_exposed
from flowcron.config.sources import read_sources
from flowcron.history.copies import companions
from flowcron.history.traces import backups_of

_FOLDER, _FILE = 0o700, 0o600
_OTHERS = 0o077
_OURS = (".flowcron", "flowcron")  # what a state directory is called that is for nothing else


class Kept(NamedTuple):
    """A file or folder as it is kept: its permissions, its owner and its owner's own group."""

    path: Path
    mode: int
    uid: int
    gid: int
    own_gid: int

    @property
    def writers(self) -> str:
        """Who else may write there: "everyone", "its group" or nobody."""
        if self.mode & stat.S_IWOTH:
            return "everyone"
        return "its group" if self.mode & stat.S_IWGRP and self.gid != self.own_gid else ""


def permissions(case: Case) -> Iterator[Finding]:
    """Check that the history is its owner's alone, and that nobody else can change what runs."""
    state, files = _kept(case.state), list(_each(_of_history(case)))
    wrong = [
        *([] if state is None else judge_state(state, files, uid=os.geteuid())),
        *(finding for each in _each(_of_configuration(case)) for finding in judge_config(each)),
    ]
    yield from wrong
    if not wrong:
        yield well("nobody else can change history or configuration")


def secrets(case: Case) -> Iterator[Finding]:
    """Check that files of secrets can be read by nobody else."""
    if case.config_path is None:
        yield well("no secrets")
        return
    wrong = [
        *(
            finding
            for each in _each(secret_files(case.config_path))
            for finding in judge_secret(each)
        ),
        *(finding for each in _each(env_files(case.config_path)) for finding in judge_env(each)),
    ]
    yield from wrong
    if not wrong:
        yield well("nobody else can read secrets")


def judge_state(state: Kept, files: Iterable[Kept], *, uid: int) -> Iterator[Finding]:
    """Yield what is wrong with a state directory and the files of the history in it."""
    if uid not in {0, state.uid}:
        yield problem(
            f"{state.path} belongs to another user (uid {state.uid})",
            where=state.path,
            fix="run flowcron as that user, or name another place with --db",
        )
    if state.mode & _OTHERS and state.path.name in _OURS:
        yield warning(
            f"{state.path} is open to others ({state.mode:04o})",
            where=state.path,
            fix=None,
            mend=Chmod(state.path, _FOLDER),
        )
    elif state.writers:
        yield problem(
            f"{state.writers} may write into {state.path} ({state.mode:04o})",
            where=state.path,
            fix="put the history into a folder of its own: --db state/history.db",
        )
    for each in files:
        yield from _judge_file(each, state)


def judge_config(kept: Kept) -> Iterator[Finding]:
    """Yield who else may change a configuration, and so run what they like."""
    if kept.writers:
        yield problem(
            f"{kept.writers} may write {kept.path} ({kept.mode:04o}), and so run anything as you",
            where=kept.path,
            fix=f"chmod go-w {kept.path}",
        )


def judge_secret(kept: Kept) -> Iterator[Finding]:
    """Yield who else may read a secret: it is refused then."""
    if is_exposed(kept.mode):
        yield problem(
            f"{kept.path} is a secret and {exposure(kept.mode)}",
            where=kept.path,
            fix=None,
            mend=Chmod(kept.path, _FILE),
        )


def judge_env(kept: Kept) -> Iterator[Finding]:
    """Yield who else may read the variables of a job, among which there are often secrets."""
    if is_exposed(kept.mode):
        yield warning(
            f"env_file {kept.path} {exposure(kept.mode)}",
            where=kept.path,
            fix=None,
            mend=Chmod(kept.path, _FILE),
        )


def _judge_file(kept: Kept, state: Kept) -> Iterator[Finding]:
    if kept.uid != state.uid:
        yield problem(
            f"{kept.path} belongs to another user (uid {kept.uid}) than its folder: the scheduler "
            "cannot write it",
            where=kept.path,
            fix=f"chown --reference={state.path} {kept.path}",
        )
    if kept.mode & _OTHERS:
        yield warning(
            f"{kept.path} is open to others ({kept.mode:04o})",
            where=kept.path,
            fix=None,
            mend=Chmod(kept.path, _FILE),
        )


def _of_history(case: Case) -> tuple[Path, ...]:
    return (case.history_path, *companions(case.history_path), *backups_of(case.history_path))


def _of_configuration(case: Case) -> tuple[Path, ...]:
    if case.config_path is None:
        return ()
    return tuple(source.path for source in read_sources(case.config_path))


def _each(paths: Iterable[Path]) -> Iterator[Kept]:
    """Yield those of some paths that exist and may be looked at."""
    for path in paths:
        kept = _kept(path)
        if kept is not None:
            yield kept


def _kept(path: Path) -> Kept | None:
    try:
        found = path.stat()
    except OSError:
        return None  # it is not there, or in a folder that is closed to us
    return Kept(path, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, _own(found.st_uid))


def _own(uid: int) -> int:
    """Return the group that a user has for himself, or one that nobody has."""
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return -1
