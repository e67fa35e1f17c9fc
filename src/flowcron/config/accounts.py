"""The users and groups of this machine, and what whoever runs flowcron may give to a job."""

from __future__ import annotations

import grp
import os
import pwd
import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LIMITS = {
    "memory": resource.RLIMIT_AS,
    "cpu_time": resource.RLIMIT_CPU,
    "open_files": resource.RLIMIT_NOFILE,
}
"""The keys of a job that limit its processes, and what the system calls these limits."""

ROOT = 0
_LOWEST_NICE = -20
_LARGEST = 2**32 - 2  # the next one means none
_MOST_OPEN_FILES = Path("/proc/sys/fs/nr_open")


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may give to the processes that he starts.

    `most` has the hard limit of each key in LIMITS that has one, in bytes, seconds and files.
    """

    uid: int
    gid: int
    lowest_nice: int = _LOWEST_NICE
    most: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_root(self) -> bool:
        """Whether other users' processes can be started."""
        return self.uid == ROOT


@dataclass(frozen=True, slots=True)
class Account:
    """A user as its processes have it: `gid` is the first of its groups."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def our_rights() -> Rights:
    """Return the rights of this process."""
    uid = os.geteuid()
    if uid == ROOT:
        return Rights(uid, os.getegid(), most=_of_root())
    hard = {key: resource.getrlimit(limit)[1] for key, limit in LIMITS.items()}
    most = {key: limit for key, limit in hard.items() if limit != resource.RLIM_INFINITY}
    return Rights(uid, os.getegid(), _our_lowest_nice(), most)


def user_id(user: str | int) -> int | None:
    """Return the number of a user, or None when there is none; a number needs no account."""
    try:
        return pwd.getpwnam(str(user)).pw_uid
    except (KeyError, ValueError):
        return _number(user)


def group_id(group: str | int) -> int | None:
    """Return the number of a group, or None when there is none; a number needs no name."""
    try:
        return grp.getgrnam(str(group)).gr_gid
    except (KeyError, ValueError):
        return _number(group)


def has_account(uid: int) -> bool:
    """Return whether this machine knows a user, and so the groups of that user."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def ourselves() -> Account:
    """Return the user and the groups of this process."""
    uid, gid = os.geteuid(), os.getegid()
    name = pwd.getpwuid(uid).pw_name if has_account(uid) else str(uid)
    return Account(name, uid, gid, tuple(sorted({gid, *os.getgroups()})))


def account(uid: int, *, group: int | None = None) -> Account | None:
    """Return what processes of a user have, with the user's own group or with another one.

    A user without an account is in that group alone, and without a group nobody can say.
    """
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None if group is None else Account(str(uid), uid, group, (group,))
    gid = entry.pw_gid if group is None else group
    return Account(entry.pw_name, uid, gid, tuple(sorted(set(os.getgrouplist(entry.pw_name, gid)))))


def user_names() -> list[str]:
    """Return the names of all users that this machine lists."""
    return [entry.pw_name for entry in pwd.getpwall()]


def group_names() -> list[str]:
    """Return the names of all groups that this machine lists."""
    return [entry.gr_name for entry in grp.getgrall()]


def _number(word: str | int) -> int | None:
    """Return a number that the system takes for a user or a group."""
    if isinstance(word, str) and not (word.isascii() and word.isdecimal()):
        return None
    return int(word) if len(str(word)) <= len(str(_LARGEST)) and int(word) <= _LARGEST else None


def _our_lowest_nice() -> int:
    now = os.getpriority(os.PRIO_PROCESS, 0)
    if not hasattr(resource, "RLIMIT_NICE"):
        return now
    soft, _ = resource.getrlimit(resource.RLIMIT_NICE)
    return _LOWEST_NICE if soft == resource.RLIM_INFINITY else min(now, 20 - soft)


def _of_root() -> dict[str, int]:
    """Return the one limit that root has, where the system says it."""
    try:
        return {"open_files": int(_MOST_OPEN_FILES.read_text(encoding="ascii"))}
    except (OSError, ValueError):
        return {}
