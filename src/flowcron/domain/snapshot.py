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

from flowcron.domain.alerting import Remind
from flowcron.domain.channel import AlertTo
from flowcron.domain.instant import micros
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

_Table = Job | RetryPolicy | Expectation | Keep

_PLACE = ("name", "file", "line")
_KNOWN_TRIGGERS = {"cron", "every", "after_end", "at", "on", "after"}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_decode = json.JSONDecoder().decode


def definition_of(job: Job) -> str:
    """Return what a job is, without its name and place, as compact JSON."""
    plain = _written(job, _PLAIN_JOB) | {"command": job.command}
    if plain.get("when"):
        plain["when"] = [_of_when(when) for when in job.when]
    if "alert" in plain:
        plain["alert"] = [_of_alert(each) for each in job.alert]
    for key in _TABLES & plain.keys():
        table = getattr(job, key)
        plain[key] = _written(table, _PLAIN[type(table)])
    return _encode(plain)


def job_from(name: str, body: str) -> Job:
    """Return the job that `definition_of` described."""
    return Job(name=name, **_read(_decode(body), _JOB_READERS))


def _written(thing: _Table, plain: _Table) -> dict[str, Any]:
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
        case After(jobs=jobs, condition=condition):
            return {"after": jobs, "condition": condition}
        case _:
            assert_never(when)


def _of_alert(alert: AlertTo) -> list[Any]:
    remind = alert.remind
    length = micros(remind) if isinstance(remind, timedelta) else remind
    return [alert.channel, alert.failures, length]


def _to_alert(channel: str, failures: int | None, remind: int | str | None) -> AlertTo:
    length = _length(remind) if isinstance(remind, int) else remind and Remind(remind)
    return AlertTo(channel, failures, length or None)


def _to_when(plain: dict[str, Any]) -> When:
    if "every" in plain:
        return Every(_length(plain["every"]), plain.get("start"))
    if "after_end" in plain:
        return AfterEnd(_length(plain["after_end"]))
    if "at" in plain:
        return At(tuple(plain["at"]))
    if "on" in plain:
        return OnStart()
    if "after" in plain:
        return After(tuple(plain["after"]), Condition(plain["condition"]))
    return Cron(plain["cron"], plain["timezone"])


def _length(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)


def _as_is(value: Any) -> Any:  # noqa: ANN401 it is for every kind of value
    return value


def _to_command(value: str | list[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else tuple(value)


def _pairs(value: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in value)


_FIELDS: dict[type, tuple[str, ...]] = {
    Job: tuple(field.name for field in fields(Job) if field.name not in _PLACE),
    RetryPolicy: tuple(field.name for field in fields(RetryPolicy)),
    Expectation: tuple(field.name for field in fields(Expectation)),
    Keep: tuple(field.name for field in fields(Keep)),
}
_TABLES = {"retry", "expect", "keep"}
_PLAIN_JOB = Job(name="", command="")
_PLAIN: dict[type, _Table] = {
    RetryPolicy: RetryPolicy(),
    Expectation: Expectation(),
    Keep: Keep(),
}

_Readers = dict[str, Callable[[Any], Any]]
_RETRY_READERS: _Readers = dict.fromkeys(_FIELDS[RetryPolicy], _as_is) | {
    "delay": _length,
    "max_delay": _length,
    "exit_codes": tuple,
    "stop_exit_codes": tuple,
}
_EXPECT_READERS: _Readers = dict.fromkeys(_FIELDS[Expectation], _as_is)
_KEEP_READERS: _Readers = {"age": _length, "runs": _as_is}
_JOB_READERS: _Readers = dict.fromkeys(_FIELDS[Job], _as_is) | {
    "command": _to_command,
    "when": lambda value: tuple(_to_when(each) for each in value if each.keys() & _KNOWN_TRIGGERS),
    "shell": tuple,
    "env": _pairs,
    "secrets": _pairs,
    "timeout": _length,
    "kill_after": _length,
    "retry": lambda value: RetryPolicy(**_read(value, _RETRY_READERS)),
    "overlap": Overlap,
    "missed": Missed,
    "missed_within": _length,
    "jitter": _length,
    "success_codes": tuple,
    "expect": lambda value: Expectation(**_read(value, _EXPECT_READERS)),
    "slow_after": _length,
    "late_after": _length,
    "on_lost": OnLost,
    "cpu_time": _length,
    "keep": lambda value: Keep(**_read(value, _KEEP_READERS)),
    "alert": lambda value: tuple(_to_alert(*each[:3]) for each in value),
    "mailto": tuple,
    "tags": tuple,
}
