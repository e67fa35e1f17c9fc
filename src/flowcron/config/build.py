"""Checked tables to jobs: defaults laid under them, folders and zones filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flowcron.config.build_alerts import alerts_to, texts
from flowcron.config.model.job_tables import (
    DefaultsTable,
    ExpectTable,
    JobTable,
    KeepTable,
    RetryTable,
)
from flowcron.config.paths import in_folder
from flowcron.config.secrets import settled
from flowcron.domain.cron import other_trigger, parse_cron
from flowcron.domain.job import (
    After,
    AfterEnd,
    At,
    Condition,
    Cron,
    Every,
    Expectation,
    Job,
    Keep,
    Missed,
    OnLost,
    OnStart,
    Overlap,
    RetryPolicy,
    When,
)
from flowcron.domain.moments import written_instant
from flowcron.domain.zone import zone_of

_AS_IT_IS = (
    "timeout",
    "kill_after",
    "missed_within",
    "jitter",
    "max_running",
    "pool",
    "priority",
    "slow_after",
    "late_after",
    "unusual",
    "inherit_env",
    "user",
    "group",
    "nice",
    "stdin",
    "memory",
    "cpu_time",
    "open_files",
    "log_limit",
    "enabled",
    "description",
    "runbook",
)
_HASHED = re.compile(r"\bH\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ground:
    """What jobs stand on where they say nothing themselves."""

    folder: Path
    timezone: str
    seed: str
    defaults: DefaultsTable


def build_job(name: str, table: JobTable, ground: Ground, *, file: str, line: int) -> Job:
    """Return the job of a checked table."""
    keys: dict[str, Any] = {**ground.defaults, **table}
    for variables in ("env", "secrets"):
        if variables in ground.defaults and variables in table:
            keys[variables] = {**ground.defaults[variables], **table[variables]}
    if "env_file" in keys:
        keys["env_file"] = str(in_folder(keys["env_file"], ground.folder))
    job: dict[str, Any] = {key: keys[key] for key in _AS_IT_IS if key in keys}
    job |= {key: read(keys[key]) for key, read in _READERS.items() if key in keys}
    if "secrets" in keys:
        references = keys["secrets"].items()
        job["secrets"] = tuple((name, settled(text, ground.folder)) for name, text in references)
    return Job(
        name=name,
        when=tuple(_when(name, keys, ground)),
        cwd=str(in_folder(keys.get("cwd", ""), ground.folder)),
        file=file,
        line=line,
        **job,
    )


def _when(name: str, keys: dict[str, Any], ground: Ground) -> Iterator[When]:
    timezone = keys.get("timezone", ground.timezone)
    zone = zone_of(timezone)
    if "every" in keys and "every_from" in keys:
        yield AfterEnd(keys["every"])
    elif "every" in keys:
        start = keys.get("start")
        yield Every(keys["every"], None if start is None else written_instant(start, zone))
    if "at" in keys:
        times = keys["at"] if isinstance(keys["at"], list) else [keys["at"]]
        yield At(tuple(sorted({written_instant(time, zone) for time in times})))
    if "on" in keys:
        yield OnStart()
    if "after" in keys:
        yield After(texts(keys["after"]), Condition(keys.get("when", Condition.SUCCESS)))
    cron = keys.get("cron", [])
    for text in [cron] if isinstance(cron, str) else cron:
        yield _of_cron_text(text, name, timezone, ground)


def _of_cron_text(text: str, name: str, timezone: str, ground: Ground) -> When:
    other = other_trigger(text)
    if other is None:
        return Cron(_settled(text, name, ground), timezone)
    return other if isinstance(other, Every) else OnStart()


def _settled(text: str, job: str, ground: Ground) -> str:
    """Return a cron text in which each H has become the number that it is for this job."""
    if _HASHED.search(text) is None:
        return text
    return parse_cron(text, seed=ground.seed, job=job).text


def _retry_policy(value: int | RetryTable) -> RetryPolicy:
    if isinstance(value, int):
        return RetryPolicy(times=value)
    plain: dict[str, Any] = {
        key: value[key]
        for key in ("times", "delay", "backoff", "max_delay", "jitter")
        if key in value
    }
    on = value.get("on", ["failure", "timeout"])
    exit_codes = value.get("exit_codes")
    return RetryPolicy(
        **plain,
        on_failure="failure" in on,
        on_timeout="timeout" in on,
        exit_codes=None if exit_codes is None else tuple(exit_codes),
        stop_exit_codes=tuple(value.get("stop_exit_codes", ())),
    )


def _expectation(table: ExpectTable) -> Expectation:
    plain: dict[str, Any] = {**table}
    return Expectation(**plain)


def keep_of(value: timedelta | KeepTable) -> Keep:
    """Return how much is kept, written as a length of time or as a table."""
    if isinstance(value, timedelta):
        return Keep(age=value)
    days = value.get("days")
    return Keep(None if days is None else timedelta(days=days), value.get("runs"))


_READERS: dict[str, Callable[[Any], Any]] = {
    "command": lambda value: value if isinstance(value, str) else tuple(value),
    "shell": tuple,
    "retry": _retry_policy,
    "env": lambda value: tuple(value.items()),
    "overlap": Overlap,
    "missed": Missed,
    "success_codes": tuple,
    "expect": _expectation,
    "on_lost": OnLost,
    "env_file": str,
    "umask": lambda value: int(value, 8),
    "keep": keep_of,
    "alert": alerts_to,
    "mailto": texts,
    "tags": tuple,
}
