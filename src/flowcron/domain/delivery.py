"""When what is in the outbox is delivered, and what becomes of it when that fails.

A lane is one target of one channel: what waits in it is delivered one message after the other, and
what fails in it says nothing about the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from flowcron.domain.alerting import Event
from flowcron.domain.channel import Channel, Limit, Quiet
from flowcron.domain.instant import Instant, instant, micros, moment
from flowcron.domain.zone import zone_of

IN_FULL = 5  # alerts in one message; of more there is a line each
MOST = 500  # alerts in one message
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
SPREAD = 0.2  # of a wait, longer or shorter
LAST_TRY = timedelta(hours=24)  # after it was put into the outbox
FALL_BACK = timedelta(minutes=15)  # after its first try failed
DELAYED = timedelta(minutes=10)  # after it was put into the outbox

_MINUTES = 60


class Kind(StrEnum):
    """What is delivered: a message to people, pings of a monitor, or what a job printed."""

    MESSAGE = "message"
    PINGS = "pings"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One alert that waits in a lane; `due_at` is when it is to be tried, `tries` how often it was.

    `failing_since` is when its first try failed, `fell_back` whether the fallback has it too.
    """

    id: int
    event: Event
    created_at: Instant
    due_at: Instant
    tries: int = 0
    failing_since: Instant | None = None
    fell_back: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Deliver these now, as one message."""

    rows: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """Deliver nothing of these before then."""

    rows: tuple[Waiting, ...]
    until: Instant


@dataclass(frozen=True, slots=True)
class Failed:
    """What follows a failure: when it is tried again, or never; whether the fallback is told."""

    again_at: Instant | None
    falls_back: bool


def kind_of(channel: Channel | None, event: Event) -> Kind:
    """Return what an alert is delivered as; without a channel it is what a job printed."""
    if event is Event.MAIL:
        return Kind.MAIL
    return Kind.PINGS if channel is not None and channel.is_monitor else Kind.MESSAGE


def next_in_lane(
    rows: Sequence[Waiting],
    channel: Channel | None,
    *,
    now: Instant,
    sent: Sequence[Instant] = (),
) -> Send | Hold | None:
    """Return what is to be done in a lane, or None while nothing in it is due.

    `rows` are all that wait in it, oldest first, `sent` the times of the messages that its channel
    counts for its limit. What comes for the first time does not wait for what has failed before,
    and takes along what was still being gathered.
    """
    fresh = [row for row in rows if not row.tries]
    failed = [row for row in rows if row.tries]
    pool = next((each for each in (fresh, failed) if any(row.due_at <= now for row in each)), None)
    if pool is None:
        return None
    kind = kind_of(channel, pool[0].event)
    if kind is Kind.MAIL:
        return Send((next(row for row in pool if row.due_at <= now),))
    if kind is Kind.PINGS:
        return Send(
            tuple(rows[:MOST])
        )  # in their order, or a monitor would take a start for a hang
    if channel is not None and all(row.event is not Event.TEST for row in pool):
        until = max(_quiet_until(channel, now), _within_limit(channel.limit, sent, now))
        if until > now:
            return Hold(tuple(rows), until)
    return Send(tuple(pool[:MOST]))


def after_failure(
    row: Waiting,
    channel: Channel | None,
    *,
    now: Instant,
    luck: float,
    asked: timedelta | None = None,
    not_before: Instant | None = None,
) -> Failed:
    """Return what follows when an alert could not be delivered now.

    `luck` is in [0, 1): 0.5 is the plain wait. `asked` is for how long the service wants to be left
    alone, `not_before` when others of the lane that have failed are tried again.
    """
    falls_back_at = _falls_back_at(row, channel, now=now)
    falls_back = falls_back_at is not None and now >= falls_back_at
    last = Instant(row.created_at + micros(LAST_TRY))
    if now >= last:
        return Failed(None, falls_back or falls_back_at is not None)
    at = max(now + micros(wait_before_try(row.tries + 1, luck=luck)), not_before or now)
    if falls_back_at is not None and not falls_back:
        at = min(at, falls_back_at)
    at = max(at, now + micros(asked or timedelta()))
    return Failed(Instant(min(at, last)), falls_back)


def wait_before_try(failures: int, *, luck: float) -> timedelta:
    """Return how long to wait after so many failures in a row: 30 s, doubling to an hour."""
    plain = min(FIRST_WAIT * (1 << min(failures - 1, 10)), LONGEST_WAIT)
    return plain * (1 + SPREAD * (2 * luck - 1))


def is_digest(happened: Sequence[Instant], *, now: Instant) -> bool:
    """Return whether a message about alerts of these times has only a line about each."""
    is_last = any(now >= at + micros(LAST_TRY) for at in happened)
    return len(happened) > IN_FULL or (is_last and len(happened) > 1)


def is_delayed(happened: Instant, *, now: Instant) -> bool:
    """Return whether an alert is told so much later than it happened that one has to say so."""
    return now - happened >= micros(DELAYED)


def quiet_until(quiet: Quiet, now: Instant) -> Instant:
    """Return when the quiet hours that are now are over, or `now` when there are none."""
    zone = zone_of(quiet.timezone)
    here = moment(now, zone)
    minute = here.hour * _MINUTES + here.minute
    over_midnight = quiet.begin > quiet.end
    if over_midnight:
        is_quiet = minute >= quiet.begin or minute < quiet.end
    else:
        is_quiet = quiet.begin <= minute < quiet.end
    if not is_quiet:
        return now
    day = here.date() + timedelta(days=1 if over_midnight and minute >= quiet.begin else 0)
    clock = time(*divmod(quiet.end, _MINUTES), tzinfo=zone)
    # An hour that comes twice ends the quiet both times; one that is left out ends it after it.
    ends = (instant(datetime.combine(day, clock.replace(fold=fold))) for fold in (0, 1))
    return next((end for end in ends if end > now), now)


def _falls_back_at(row: Waiting, channel: Channel | None, *, now: Instant) -> Instant | None:
    """Return when the fallback of its channel is told of an alert, too; None when it is not."""
    if channel is None or channel.fallback is None or row.fell_back or row.event is Event.TEST:
        return None
    since = now if row.failing_since is None else row.failing_since
    return Instant(since + micros(FALL_BACK))


def _quiet_until(channel: Channel, now: Instant) -> Instant:
    return now if channel.quiet is None else quiet_until(channel.quiet, now)


def _within_limit(limit: Limit | None, sent: Sequence[Instant], now: Instant) -> Instant:
    """Return when one more message is within the limit."""
    if limit is None:
        return now
    counted = sorted(at for at in sent if at > now - micros(limit.per))
    if len(counted) < limit.messages:
        return now
    return Instant(counted[-limit.messages] + micros(limit.per))
