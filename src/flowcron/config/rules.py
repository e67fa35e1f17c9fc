"""What must hold between the keys of a file: rules that no single value can break."""

from __future__ import annotations

from collections.abc import Iterator
from glob import has_magic
from typing import Any

from flowcron.config.alert_rules import broken_by_channels
from flowcron.config.mistake import Mistake
from flowcron.config.notyet import found_in
from flowcron.config.positions import Path
from flowcron.config.sources import Source, matches, patterns
from flowcron.config.wording import shown
from flowcron.domain.names import near

RUNNABLE = ("command", "python")
TRIGGERS = ("cron", "every", "at", "on", "after")
SHAREABLE = ("jobs", "alerts", "pools")
GOES_WITH = {  # a key of a job that says nothing without the other, and what that may look like
    "start": ("every", 'every = "5m"'),
    "every_from": ("every", 'every = "5m"'),
    "when": ("after", 'after = "backup"'),
}
NOT_AFTER = ("missed", "missed_within", "jitter")
"""What says nothing of a job that has no times of its own, because it runs after others."""
OF_FILE = ("fresh", "min_size")
"""What `expect` says of its file."""


def broken_rules(table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield the rules that a file breaks, whatever its values are."""
    jobs = table.get("jobs")
    for name, job in jobs.items() if isinstance(jobs, dict) else ():
        if isinstance(job, dict):
            yield from _broken_by_job(job, ("jobs", name))
            yield from _broken_inside(job, ("jobs", name))
    for name in ("defaults", "history"):
        yield from _broken_inside(_table(table.get(name)), (name,))
    yield from broken_by_channels(table)


def misplaced(table: dict[str, Any], main: str) -> Iterator[Mistake]:
    """Yield the tables of an included file that only the main file may have."""
    for key in table:
        if key not in SHAREABLE:
            message = f'"{key}" is only read from {main}'
            help_ = "an included file has [jobs.*], [alerts.*] and [pools]"
            yield Mistake("include", message, (key,), help_, at_key=True)


def without_match(main: Source) -> Iterator[Mistake]:
    """Yield every `include` that names one file, and it is not there."""
    for number, pattern in patterns(main).items():
        if not has_magic(pattern) and not matches(main.path, pattern):
            help_ = 'the path is relative to the folder of this file; "*" stands for any name'
            message = f"there is no file {shown(pattern)}"
            yield Mistake("include", message, ("include", number), help_)


def not_available(table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield what this version does not do yet."""
    for path in found_in(table):
        message = f"{shown(path[-1])} is not available in this version"
        help_ = "leave it out for now: flowcron ignores nothing silently"
        yield Mistake("not-available", message, path, help_, at_key=True)


def _broken_by_job(job: dict[str, Any], path: Path) -> Iterator[Mistake]:
    runs = [key for key in RUNNABLE if key in job]
    if not runs and not any(near(key, RUNNABLE) for key in job):
        help_ = 'write command = "…" for the shell, or command = ["program", "argument"]'
        yield Mistake("missing", f'job "{path[-1]}" has no command', path, help_, at_key=True)
    triggers = [key for key in TRIGGERS if key in job]
    for names, help_ in (
        (runs, "a job runs one thing; keep one of them"),
        (triggers, "a job has one kind of schedule; keep one of them, or make two jobs"),
    ):
        for extra in names[1:]:
            message = f'"{extra}" and "{names[0]}" cannot both be in one job'
            yield Mistake("conflict", message, (*path, extra), help_, at_key=True)
    yield from _astray(job, path)


def _astray(job: dict[str, Any], path: Path) -> Iterator[Mistake]:
    """Yield the keys that mean nothing without another, or not together."""
    for key, (other, example) in GOES_WITH.items():
        if key in job and other not in job:
            yield _says_nothing(key, path, f"it goes with {example}")
    for key in NOT_AFTER if "after" in job else ():
        if key in job:
            help_ = "the jobs that it runs after decide when; leave it out, or write it there"
            yield _says_nothing(key, path, help_)
    if "start" in job and "every_from" in job:
        message = '"every_from" and "start" cannot both be in one job'
        help_ = "a job that waits after each run counts from no fixed time"
        yield Mistake("conflict", message, (*path, "every_from"), help_, at_key=True)


def _broken_inside(keys: dict[str, Any], path: Path) -> Iterator[Mistake]:
    """Yield what does not go together within one value of a job, of [defaults] or [history]."""
    expect = _table(keys.get("expect"))
    for key in OF_FILE:
        if key in expect and "file" not in expect:
            yield _says_nothing(key, (*path, "expect"), 'it goes with file = "…"')
    if keys.get("expect") == {}:
        help_ = 'write { file = "…" }, { stdout_match = "…" } or what else must be so'
        yield Mistake("missing", '"expect" does not say what', (*path, "expect"), help_)
    if keys.get("keep") == {}:
        help_ = "write { runs = 500 }, { days = 90 } or both"
        yield Mistake("missing", '"keep" does not say how much', (*path, "keep"), help_)
    retry = _table(keys.get("retry"))
    stop, again = retry.get("stop_exit_codes"), retry.get("exit_codes")
    for number, code in enumerate(stop if isinstance(stop, list) else ()):
        if isinstance(again, list) and code in again:
            message = f"exit code {shown(code)} cannot both be retried and not be"
            help_ = "leave it out of exit_codes or of stop_exit_codes"
            yield Mistake("conflict", message, (*path, "retry", "stop_exit_codes", number), help_)


def _says_nothing(key: str, path: Path, help_: str) -> Mistake:
    return Mistake("conflict", f'"{key}" says nothing here', (*path, key), help_, at_key=True)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
