"""The command in a line of a crontab, as far as it takes to see that it is the same as a job's."""

from __future__ import annotations

import re
import shlex

from flowcron.domain.job import Job

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\s*=")
_UNESCAPED = re.compile(r"(?<!\\)%")
_FIELDS = 5


def command_of(line: str, *, has_user: bool) -> str | None:
    """Return the command of a line, or None for a comment, a variable or what is no line at all.

    With `has_user` the line is of a system's crontab. What follows an unescaped % is the input of
    the command and no part of it.
    """
    text = line.strip()
    if not text or text.startswith("#") or _VARIABLE.match(text):
        return None
    before = (1 if text.startswith("@") else _FIELDS) + has_user
    words = text.split(None, before)
    if len(words) <= before:
        return None
    return _UNESCAPED.split(words[before], maxsplit=1)[0].replace("\\%", "%")


def is_same(job: Job, command: str) -> bool:
    """Return whether a job runs a command, however its words are spaced."""
    written = job.command if isinstance(job.command, str) else shlex.join(job.command)
    return written.split() == command.split()
