"""What this machine has no user for, or does not let whoever runs flowcron give to a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flowcron.config.accounts import (
    Rights,
    group_id,
    group_names,
    has_account,
    user_id,
    user_names,
)
from flowcron.config.mistake import Mistake
from flowcron.config.positions import Path
from flowcron.config.references import tables_of_jobs
from flowcron.config.wording import shown
from flowcron.domain.duration import DurationError, format_duration, parse_duration
from flowcron.domain.names import did_you_mean
from flowcron.domain.size import SizeError, format_size, parse_size

_AS_SERVICE = "needs root: run flowcron as a system service, or leave it out"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Users, or groups."""

    word: str
    number_of: Callable[[str | int], int | None]
    names: Callable[[], list[str]]
    own: Callable[[Rights], int]


_KINDS = (
    _Kind("user", user_id, user_names, lambda rights: rights.uid),
    _Kind("group", group_id, group_names, lambda rights: rights.gid),
)


def not_permitted(
    table: dict[str, Any], rights: Rights, *, has_group: bool = False
) -> Iterator[Mistake]:
    """Yield what a file wants and cannot have here: accounts, priorities and limits.

    `has_group` says that [defaults] name a group for all jobs. Values of a wrong kind are left to
    others.
    """
    wanted = list(tables_of_jobs(table))
    for kind in _KINDS:
        verdicts: dict[str | int, tuple[str, str] | None] = {}
        for path, keys in wanted:
            name = keys.get(kind.word)
            if isinstance(name, str | int) and not isinstance(name, bool):
                if name not in verdicts:
                    verdicts[name] = _wrong_with(name, kind, rights)
                wrong = verdicts[name]
                if wrong is None and kind.word == "user" and not (has_group or "group" in keys):
                    wrong = _without_group(name)
                if wrong is not None:
                    yield Mistake("user", wrong[0], (*path, kind.word), wrong[1])
    for path, keys in wanted:
        yield from _too_nice(keys.get("nice"), (*path, "nice"), rights)
        yield from _beyond_limits(keys, path, rights)


def _wrong_with(name: str | int, kind: _Kind, rights: Rights) -> tuple[str, str] | None:
    """Return message and help for a user or group that cannot be."""
    number = kind.number_of(name)
    if number is None:
        help_ = did_you_mean(name, kind.names()) if isinstance(name, str) else None
        database = "passwd" if kind.word == "user" else "group"
        help_ = help_ or f"name one of this machine: getent {database} lists them"
        return f"there is no {kind.word} {shown(name)}", help_
    if rights.is_root or number == kind.own(rights):
        return None
    return f"{shown(name)} is not the {kind.word} that runs flowcron", _AS_SERVICE


def _without_group(user: str | int) -> tuple[str, str] | None:
    """Return what is wrong with a number that has no account and so no group."""
    uid = user_id(user)
    if uid is None or has_account(uid):
        return None
    return f"user {uid} has no account here, so it has no group", "write group = … as well"


def _too_nice(nice: object, path: Path, rights: Rights) -> Iterator[Mistake]:
    if isinstance(nice, int) and not isinstance(nice, bool) and nice < rights.lowest_nice:
        message = f"nice {nice} is below {rights.lowest_nice}, the lowest that this user may set"
        yield Mistake("user", message, path, _AS_SERVICE)


def _beyond_limits(keys: dict[str, Any], path: Path, rights: Rights) -> Iterator[Mistake]:
    for key, most in rights.most.items():
        wanted = _number(key, keys.get(key))
        if wanted is not None and wanted > most:
            message = f'"{key}" is more than {_written(key, most)}, the most that is allowed here'
            help_ = "raise the hard limit of whoever runs flowcron: LimitNOFILE= and the like"
            if rights.is_root:
                help_ = "the system has no more: sysctl fs.nr_open"
            yield Mistake("user", message, (*path, key), help_)


def _number(key: str, value: object) -> float | None:
    """Return what a limit is in bytes, seconds or files, or None for what is no limit."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    try:
        return parse_size(value) if key == "memory" else parse_duration(value).total_seconds()
    except (DurationError, SizeError):
        return None


def _written(key: str, most: int) -> str:
    if key == "memory":
        return format_size(most)
    return format_duration(timedelta(seconds=most)) if key == "cpu_time" else str(most)
