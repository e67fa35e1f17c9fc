"""What the clock changes of a zone do to the times of a cron schedule: move, drop or repeat them.

Wall times and instants are whole seconds, as in domain/wall.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Cron
from flowcron.domain.schedule import schedule_of
from flowcron.domain.wall import Change, instant_of_change, offset_at

_DAY = 86_400
_NO_ZONE = "UTC"  # there a schedule's times are those that any clock on a wall would show


class Effect(StrEnum):
    """What a clock change does to times that it skips or repeats (semantics, rules 8 and 9)."""

    MOVED = "moved"
    DROPPED = "dropped"
    ONCE = "once"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Touched:
    """The wall times of a schedule that a clock change skips or repeats, and what becomes of them.

    `first` and `last` are the same for a single one.
    """

    effect: Effect
    change: Change
    first: int
    last: int
    count: int


def changes(zone: ZoneInfo, since: int, until: int) -> Iterator[Change]:
    """Yield the clock changes of a zone at instants in (since, until]."""
    before = offset_at(zone, since)
    while since < until:
        at = min(since + _DAY, until)
        after = offset_at(zone, at)
        if after != before:
            yield Change(instant_of_change(zone, since, at), before, after)
        since, before = at, after


def touched(cron: Cron, change: Change) -> Touched | None:
    """Return what a change of its zone does to a schedule, or None when it touches none of it."""
    walls = schedule_of(Cron(cron.text, _NO_ZONE))
    end = Instant(change.end * SECOND)
    first = walls.next(Instant(change.first * SECOND - 1))
    if first is None or first >= end:
        return None
    last, count, found = first, 1, walls.next(first)
    while found is not None and found < end:
        last, count, found = found, count + 1, walls.next(found)
    effect = _effect(change, wildcard=walls.wildcard)
    return Touched(effect, change, first // SECOND, last // SECOND, count)


def _effect(change: Change, *, wildcard: bool) -> Effect:
    as_always = wildcard or change.is_correction
    if change.repeats:
        return Effect.TWICE if as_always else Effect.ONCE
    return Effect.DROPPED if as_always else Effect.MOVED
