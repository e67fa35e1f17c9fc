"""A job as the text that history keeps of it: small, canonical, and read back exactly.

Only what differs from the defaults is written, so that a plain job takes some eighty bytes and two
equal jobs have equal texts. Where a job stands in its file is no part of it: a comment above it
changes no job. Unknown keys, from a newer version, are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any, assert_never

from flowcron.domain.instant import micros
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

_PLACE = ("name", "file", "line")
_KNOWN_TRIGGERS = {"cron", "every", "after_end", "at", "on"}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_decode = json.JSONDecoder().decode


def definition_of(job: Job) -> str:
    """Return what a job is, without its name and place, as compact JSON."""
    plain = _written(job, _PLAIN_JOB) | {"command": job.command}
    if plain.get("when"):
        plain["when"] = [_of_when(when) for when in job.when]
    if "retry" in plain:
        plain["retry"] = _written(job.retry, _PLAIN_RETRY)
    return _encode(plain)


def job_from(name: str, body: str) -> Job:
    """Return the job that `definition_of` described."""
    return Job(name=name, **_read(_decode(body), _JOB_READERS))


def _written(thing: Job | RetryPolicy, plain: Job | RetryPolicy) -> dict[str, Any]:
    """Return what of `thing` differs from `plain`, with lengths in microseconds."""
    written = {}
    for field in _FIELDS[type(thing)]:
        value = getattr(thing, field)
        if value != getattr(plain, field):
            written[field] = micros(value) if isinstance(value, timedelta) else value
    return written


def _read(plain: dict[str, Any], readers: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {
        key: readers[key](value) if value is not None else None
        for key, value in plain.items()
        if key in readers
    }


def _of_when(when: When) -> dict[str, Any]:
    match when:
        case Cron(text=text, timezone=timezone):
            return {"cron": text, "timezone": timezone}
        case Every(period=period, start=None):
            return {"every": micros(period)}
        case Every(period=period, start=start):
            return {"every": micros(period), "start": start}
        case AfterEnd(period=period):
            return {"after_end": micros(period)}
        case At(times=times):
            return {"at": times}
        case OnStart():
            return {"on": "start"}
        case _:
            assert_never(when)


def _to_when(plain: dict[str, Any]) -> When:
    if "every" in plain:
        return Every(_length(plain["every"]), plain.get("start"))
    if "after_end" in plain:
        return AfterEnd(_length(plain["after_end"]))
    if "at" in plain:
        return At(tuple(plain["at"]))
    if "on" in plain:
        return OnStart()
    return Cron(plain["cron"], plain["timezone"])


def _length(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)


def _as_is(value: Any) -> Any:  # noqa: ANN401 it is for every kind of value
    return value


def _to_command(value: str | list[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else tuple(value)


_FIELDS = {
    Job: tuple(field.name for field in fields(Job) if field.name not in _PLACE),
    RetryPolicy: tuple(field.name for field in fields(RetryPolicy)),
}
_PLAIN_JOB = Job(name="", command="")
_PLAIN_RETRY = RetryPolicy()

_RETRY_READERS: dict[str, Callable[[Any], Any]] = dict.fromkeys(_FIELDS[RetryPolicy], _as_is) | {
    "delay": _length,
    "max_delay": _length,
    "exit_codes": tuple,
    "stop_exit_codes": tuple,
}
_JOB_READERS: dict[str, Callable[[Any], Any]] = dict.fromkeys(_FIELDS[Job], _as_is) | {
    "command": _to_command,
    "when": lambda value: tuple(_to_when(each) for each in value if each.keys() & _KNOWN_TRIGGERS),
    "shell": tuple,
    "env": lambda value: tuple((name, text) for name, text in value),
    "timeout": _length,
    "kill_after": _length,
    "retry": lambda value: RetryPolicy(**_read(value, _RETRY_READERS)),
    "overlap": Overlap,
    "missed": Missed,
    "missed_within": _length,
    "jitter": _length,
    "success_codes": tuple,
    "tags": tuple,
}
