"""Who a process is to be: the user and the groups that a job names, and becoming them."""

from __future__ import annotations

import grp
import os
import pwd

from flowcron.supervisor.program import SpawnError

_NO_LOGIN = ("nologin", "false", "")


class Account:
    """Numbers that were looked up, and what a process of this user finds in its environment.

    `user` and `group` are names or numbers. With `user` the groups are those of the user, with
    `group`, if that is given, in place of the user's own; `group` alone means that one group and
    no other, for whoever flowcron runs as. Whoever is not root and names themselves stays as they
    are. An error is a SpawnError that names the word.
    """

    __slots__ = ("_name", "environment", "gid", "groups", "uid")

    def __init__(self, user: str | int | None, group: str | int | None) -> None:
        if not hasattr(os, "setresuid"):
            raise SpawnError("user", "ENOSYS", "user, group: not on this system")
        entry = None if user is None else _entry_of(user)
        self.uid = os.geteuid() if user is None else _number_of(user, entry)
        self._name = str(user if user is not None else group)
        if group is not None:
            self.gid = _group_of(group)
        elif entry is not None:
            self.gid = entry.pw_gid
        else:
            text = f'user: number {user} has no account, so it has no group: say "group" as well'
            raise SpawnError("user", "ENOENT", text)
        self.groups = {self.gid}
        if group is None and self.uid == os.geteuid() != 0:
            _, (_, self.gid, _), self.groups = _who()
        elif entry is not None:
            self.groups.update(os.getgrouplist(entry.pw_name, self.gid))
        self.environment = {} if user is None else _environment(str(user), entry)

    def take_over(self, pipes: tuple[int, ...]) -> None:
        """Let the user open these anew, as /dev/stderr, which only their owner may."""
        for fd in pipes:
            try:
                os.fchown(fd, self.uid, -1)
            except OSError:  # who may not do that cannot become another user either, and hears so
                return

    def become(self) -> None:
        """Change the user and the groups of this process for good, and make sure of it."""
        try:
            self._change()
        except OSError as error:
            text = f"cannot become {self._name}"
            if os.geteuid() != 0:
                text += " (flowcron does not run as root)"
            raise SpawnError.of(self._word, error, text) from error
        wanted = ((self.uid,) * 3, (self.gid,) * 3, self.groups)
        if _who() != wanted or (self.uid != 0 and _can_be_root()):
            text = f"cannot become {self._name}: the system did not change all that it should"
            raise SpawnError(self._word, "EPERM", text)

    @property
    def _word(self) -> str:
        return "user" if self.environment else "group"

    def _change(self) -> None:
        """Change what is not so already."""
        uids, gids, groups = _who()
        if groups != self.groups:
            os.setgroups(sorted(self.groups))
        if gids != (self.gid,) * 3:
            os.setresgid(self.gid, self.gid, self.gid)
        if uids != (self.uid,) * 3:
            os.setresuid(self.uid, self.uid, self.uid)


def own_environment() -> dict[str, str]:
    """Return what a process of flowcron's own user finds in its environment."""
    uid = os.geteuid()
    try:
        return _environment(str(uid), pwd.getpwuid(uid))
    except KeyError:
        return _environment(str(uid), None)


def _who() -> tuple[tuple[int, int, int], tuple[int, int, int], set[int]]:
    """Return the users, the groups (real, effective, saved) and all groups of this process."""
    gids = os.getresgid()
    return os.getresuid(), gids, {gids[1], *os.getgroups()}


def _can_be_root() -> bool:
    try:
        os.setuid(0)
    except OSError:
        return False
    return True


def _entry_of(user: str | int) -> pwd.struct_passwd | None:
    """Return the account; None for a number that has none."""
    try:
        return pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)
    except (KeyError, ValueError, OverflowError) as error:
        if _is_number(user):
            return None if isinstance(user, int) else _entry_of(int(user))
        raise SpawnError("user", "ENOENT", f'user: there is no user "{user}"') from error


def _number_of(user: str | int, entry: pwd.struct_passwd | None) -> int:
    return int(user) if entry is None else entry.pw_uid


def _group_of(group: str | int) -> int:
    if _is_number(group):
        return int(group)
    try:
        return grp.getgrnam(str(group)).gr_gid
    except (KeyError, ValueError) as error:
        raise SpawnError("group", "ENOENT", f'group: there is no group "{group}"') from error


def _is_number(word: str | int) -> bool:
    return isinstance(word, int) or (word.isascii() and word.isdecimal())


def _environment(name: str, entry: pwd.struct_passwd | None) -> dict[str, str]:
    if entry is None:
        return {"HOME": "/", "USER": name, "LOGNAME": name, "SHELL": "/bin/sh"}
    shell = entry.pw_shell
    if os.path.basename(shell) in _NO_LOGIN:  # a program that asks for a shell needs one
        shell = "/bin/sh"
    name = entry.pw_name
    return {"HOME": entry.pw_dir, "USER": name, "LOGNAME": name, "SHELL": shell}
