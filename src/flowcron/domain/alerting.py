"""When to alert: on the changes of a job's state, told once, and again only where it was asked for.

An incident of a job opens with its first failure, counts, and closes with its next success. Each
channel that a job alerts hears of it by its own rule; a recovery goes only to who heard of the
failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from flowcron.domain.instant import Instant, micros
from flowcron.domain.run import State


class Event(StrEnum):
    """What a channel can be told of."""

    FAILURE = "failure"
    RETRY = "retry"
    RECOVERY = "recovery"
    MISSED = "missed"
    LATE = "late"
    SLOW = "slow"
    START = "start"
    SUCCESS = "success"
    SCHEDULER = "scheduler"
    MAIL = "mail"
    TEST = "test"


class Remind(StrEnum):
    """How a channel hears again of a job that stays broken, where it is not after a while."""

    NEVER = "never"
    EACH = "each"


BY_DEFAULT = frozenset({Event.FAILURE, Event.RECOVERY, Event.MISSED})
FAILURES = frozenset({State.FAILED, State.TIMED_OUT, State.LOST})


@dataclass(frozen=True, slots=True)
class Rule:
    """When one channel hears of one job.

    `failures` is how many runs in a row must have failed; `remind` is after how long it hears again
    of what stays broken, or with which run. A monitor hears of each end, whoever has muted or
    acknowledged it: what it does not hear of it takes for missing.
    """

    on: frozenset[Event] = BY_DEFAULT
    failures: int = 1
    remind: timedelta | Remind = Remind.NEVER
    is_monitor: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What a channel was told of an incident: when last, and how often."""

    last: Instant
    times: int = 1


@dataclass(frozen=True, slots=True)
class Incident:
    """A job that is broken: since when, and how many of its runs in a row have failed."""

    id: int
    opened_at: Instant
    failures: int
    is_acknowledged: bool = False


def hears_failure(rule: Rule, incident: Incident, heard: Heard | None, *, now: Instant) -> bool:
    """Return whether a channel is told of a failure that was just counted."""
    if Event.FAILURE not in rule.on or incident.failures < rule.failures:
        return False
    if rule.is_monitor:
        return True
    if heard is None:
        return True
    if incident.is_acknowledged:
        return False
    match rule.remind:
        case Remind.EACH:
            return True
        case Remind.NEVER:
            return False
        case length:
            return now >= heard.last + micros(length)


def reminder_due(rule: Rule, incident: Incident, heard: Heard) -> Instant | None:
    """Return when a channel is reminded of what stays broken without a new failure, or None."""
    if incident.is_acknowledged or not isinstance(rule.remind, timedelta):
        return None
    return Instant(heard.last + micros(rule.remind))


def hears_recovery(rule: Rule, heard: Heard | None) -> bool:
    """Return whether a channel is told that the job works again: only if it heard it was broken."""
    return heard is not None and Event.RECOVERY in rule.on


def who_hears_failure(
    rules: Mapping[str, Rule],
    incident: Incident,
    heard: Mapping[str, Heard],
    *,
    now: Instant,
) -> list[str]:
    """Return the channels that are told of a failure."""
    return [
        channel
        for channel, rule in rules.items()
        if hears_failure(rule, incident, heard.get(channel), now=now)
    ]
