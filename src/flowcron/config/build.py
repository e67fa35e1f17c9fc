"""Checked tables to jobs: defaults laid under them, folders and zones filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcron.config.model.job_tables import DefaultsTable, JobTable, RetryTable
from flowcron.config.paths import in_folder
from flowcron.domain.cron import other_trigger, parse_cron
from flowcron.domain.job import (
    AfterEnd,
    At,
    Cron,
    Every,
    Job,
    Missed,
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
    if "env" in ground.defaults and "env" in table:
        keys["env"] = {**ground.defaults["env"], **table["env"]}
    job: dict[str, Any] = {key: keys[key] for key in _AS_IT_IS if key in keys}
    job |= {key: read(keys[key]) for key, read in _READERS.items() if key in keys}
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


_READERS: dict[str, Callable[[Any], Any]] = {
    "command": lambda value: value if isinstance(value, str) else tuple(value),
    "shell": tuple,
    "retry": _retry_policy,
    "env": lambda value: tuple(value.items()),
    "overlap": Overlap,
    "missed": Missed,
    "success_codes": tuple,
    "tags": tuple,
}
