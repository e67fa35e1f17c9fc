"""What must hold between the keys of a file: rules that no single value can break."""

from __future__ import annotations

from collections.abc import Iterator
from glob import has_magic
from typing import Any

from flowcron.config.mistake import Mistake
from flowcron.config.notyet import found_in
from flowcron.config.positions import Path
from flowcron.config.sources import Source, matches, patterns
from flowcron.config.wording import shown
from flowcron.domain.names import near

RUNNABLE = ("command", "python")
TRIGGERS = ("cron", "every", "at", "on", "after")
SHAREABLE = ("jobs", "alerts", "pools")


def broken_rules(table: dict[str, Any]) -> Iterator[Mistake]:
    """Yield the rules that a file breaks, whatever its values are."""
    jobs = table.get("jobs")
    for name, job in jobs.items() if isinstance(jobs, dict) else ():
        if isinstance(job, dict):
            yield from _broken_by_job(job, ("jobs", name))


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
    for found in found_in(table):
        message = f"{shown(found.word or found.path[-1])} is not available in this version"
        help_ = "leave it out for now: flowcron ignores nothing silently"
        yield Mistake("not-available", message, found.path, help_, at_key=found.word is None)


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
    """Yield the keys that mean nothing without `every`, or not together."""
    for key in ("start", "every_from"):
        if key in job and "every" not in job:
            help_ = 'it goes with every = "5m"'
            yield Mistake(
                "conflict", f'"{key}" says nothing here', (*path, key), help_, at_key=True
            )
    if "start" in job and "every_from" in job:
        message = '"every_from" and "start" cannot both be in one job'
        help_ = "a job that waits after each run counts from no fixed time"
        yield Mistake("conflict", message, (*path, "every_from"), help_, at_key=True)
