"""What a job expects of an attempt that ended well, and why it is not so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Expectation
from flowcron.domain.size import human_size

_TOLERANCE = SECOND  # a disk may be coarse, and another machine's clock a little behind
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was found: `size` in bytes, `changed_at` in nanoseconds since the epoch."""

    path: str
    size: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so after an attempt.

    `pattern` is the whole path or glob that `files` were looked for by. `stdout` is what is kept of
    it; `elided` is how many bytes of all output are not. `written` counts what both streams wrote.
    """

    started_at: Instant
    pattern: str = ""
    files: tuple[FoundFile, ...] = ()
    stdout: str = ""
    written: int = 0
    elided: int = 0


def unmet(expected: Expectation, facts: Facts) -> str | None:
    """Return why an expectation is not met, or None when it is.

    With a glob it is enough that one file is all that is expected; the reason speaks of the newest.
    A pattern that must not be in stdout is looked for in what is kept of it. Raises re.error for a
    pattern that is none.
    """
    return next(_reasons(expected, facts), None)


def _reasons(expected: Expectation, facts: Facts) -> Iterator[str]:
    """Yield what is not as expected, in the order in which people want to hear it."""
    if expected.file is not None and (reason := _wrong_with_files(expected, facts)):
        yield reason
    if expected.min_output is not None and facts.written < expected.min_output:
        written, least = _apart(facts.written, expected.min_output)
        yield f"wrote {written}, expected at least {least}"
    match, not_match = expected.stdout_match, expected.stdout_not_match
    if match is not None and not _is_in(match, facts.stdout):
        lost = f"; {human_size(facts.elided)} of the output were not kept" if facts.elided else ""
        yield f'stdout does not match "{match}"{lost}'
    if not_match is not None and _is_in(not_match, facts.stdout):
        yield f'stdout matches "{not_match}"'


def _wrong_with_files(expected: Expectation, facts: Facts) -> str | None:
    if not facts.files:
        if _MAGIC.search(facts.pattern):
            return f"no file matches {facts.pattern}"
        return f"there is no file {facts.pattern}"
    newest_first = sorted(facts.files, key=lambda file: file.changed_at, reverse=True)
    wrong = [_wrong_with(file, expected, facts.started_at) for file in newest_first]
    return None if None in wrong else wrong[0]


def _wrong_with(file: FoundFile, expected: Expectation, started_at: Instant) -> str | None:
    if expected.fresh and file.changed_at < (started_at - _TOLERANCE) * 1000:
        return f"{file.path} was not changed by this run"
    if expected.min_size is None or file.size >= expected.min_size:
        return None
    size, least = _apart(file.size, expected.min_size)
    return f"{file.path} is {size if file.size else 'empty'} (expected at least {least})"


def _apart(size: int, least: int) -> tuple[str, str]:
    """Return two sizes for people, exact where they would look the same."""
    shown = human_size(size), human_size(least)
    return shown if shown[0] != shown[1] else (f"{size} bytes", f"{least} bytes")


def _is_in(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.MULTILINE) is not None
