"""What to record for a job at an instant: which times have come, and which were missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flowcron.domain.instant import SECOND, Instant, micros
from flowcron.domain.job import Missed
from flowcron.domain.run import State, Trigger
from flowcron.domain.schedule import Schedule

MOST_ROWS = 1_000
UNKNOWN = "the history was damaged, nobody knows whether it ran"
"""Why a time has a row that says `lost`."""

_LATEST_START = 60 * SECOND
_MOST_TIMES = MOST_ROWS + 2  # two at most are on time: one due now, and one an interval ago


@dataclass(frozen=True, slots=True)
class Decision:
    """What one scheduled time becomes: a run to start, or a row that says why not.

    `covers` is how many times a row stands for, itself included; None is one time, or a number
    that nobody counted.
    """

    scheduled_at: Instant
    state: State
    trigger: Trigger = Trigger.SCHEDULE
    covers: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions, oldest first, and the job's new cursor: all up to there is decided."""

    decisions: tuple[Decision, ...]
    decided_through: Instant


@dataclass(frozen=True, slots=True)
class _Policy:
    """What to do with missed times, and the oldest time that may still be made up."""

    missed: Missed
    oldest: Instant

    def makes_up(self, at: Instant) -> bool:
        return self.missed is not Missed.SKIP and at >= self.oldest

    def reason(self, at: Instant) -> str:
        if self.missed is Missed.SKIP:
            return 'missed = "skip"'
        return "a later time ran in its place" if at >= self.oldest else "older than missed_within"


def plan(
    schedules: Sequence[Schedule],
    *,
    cursor: Instant | None,
    now: Instant,
    missed: Missed | None = None,
    missed_within: timedelta | None = None,
) -> Plan:
    """Return what to record for the times in (cursor, now].

    A job without a cursor is seen for the first time and has missed nothing. A cursor after `now`
    (the clock was set back) stays where it is. The default of `missed` is once for fixed times,
    skip where every schedule is a wildcard or a period.
    """
    if cursor is None or cursor >= now:
        return Plan((), now if cursor is None else cursor)
    times, following = _passed(schedules, cursor, now)
    if not times:
        return Plan((), now)
    if missed is None:
        missed = Missed.SKIP if all(one.wildcard for one in schedules) else Missed.ONCE
    oldest = now - micros(missed_within) if missed_within is not None else cursor
    policy = _Policy(missed, Instant(oldest))
    late, on_time = _split(times, following, now)
    if len(late) > MOST_ROWS:
        decisions = _summary(schedules, cursor, late[-1], policy)
    else:
        decisions = _made_up(late, policy)
    starts = tuple(Decision(at, State.QUEUED) for at in on_time)
    return Plan(decisions + starts, now)


def plan_unknown(schedules: Sequence[Schedule], *, cursor: Instant | None, now: Instant) -> Plan:
    """Return the one row that stands for all times in (cursor, now], of which nobody knows.

    None of them runs, also one that has come just now.
    """
    if cursor is None or cursor >= now:
        return Plan((), now if cursor is None else cursor)
    times, _ = _passed(schedules, cursor, now)
    if not times:
        return Plan((), now)
    if len(times) == 1:
        return Plan((Decision(times[0], State.LOST, reason=UNKNOWN),), now)
    count: int | None = len(times)
    if len(times) > _MOST_TIMES:
        count = _count(schedules, cursor, times[-1])
    reason = f"stands for {_number(count)} times · {UNKNOWN}"
    return Plan((Decision(times[-1], State.LOST, covers=count, reason=reason),), now)


def next_time(schedules: Sequence[Schedule], after: Instant) -> Instant | None:
    """Return the first time of any of the schedules strictly after an instant."""
    if len(schedules) == 1:
        return schedules[0].next(after)
    times = [at for one in schedules if (at := one.next(after)) is not None]
    return min(times, default=None)


def lateness_allowed(schedules: Sequence[Schedule], at: Instant) -> int:
    """Return how late, in microseconds, the start of a time is still no catch-up."""
    following = next_time(schedules, at)
    return _LATEST_START if following is None else min(following - at, _LATEST_START)


def _passed(
    schedules: Sequence[Schedule], cursor: Instant, now: Instant
) -> tuple[list[Instant], Instant | None]:
    """Return the times in (cursor, now], and the first after them.

    Of very many only as many as prove that, ending with the latest.
    """
    times: list[Instant] = []
    following = next_time(schedules, cursor)
    while following is not None and following <= now:
        times.append(following)
        if len(times) > _MOST_TIMES:
            return times + _latest_three(schedules, now, floor=following), next_time(schedules, now)
        following = next_time(schedules, following)
    return times, following


def _latest_three(schedules: Sequence[Schedule], now: Instant, *, floor: Instant) -> list[Instant]:
    latest: list[Instant] = []
    at = now
    while len(latest) < 3 and (found := _last_time(schedules, at, floor)) is not None:  # noqa: PLR2004 as named
        latest.insert(0, found)
        at = Instant(found - 1)
    return latest


def _last_time(schedules: Sequence[Schedule], at: Instant, floor: Instant) -> Instant | None:
    times = [found for one in schedules if (found := one.last(at, floor)) is not None]
    return max(times, default=None)


def _split(
    times: list[Instant], following: Instant | None, now: Instant
) -> tuple[list[Instant], list[Instant]]:
    """Return the missed times and those on time: late by at most their interval, and a minute."""
    place = len(times)
    while place:
        at = times[place - 1]
        allowed = _LATEST_START if following is None else min(following - at, _LATEST_START)
        if now - at > allowed:
            break
        place, following = place - 1, at
    return times[:place], times[place:]


def _made_up(late: list[Instant], policy: _Policy) -> tuple[Decision, ...]:
    starts = [at for at in late if policy.makes_up(at)]
    if policy.missed is Missed.ONCE:
        chosen, covers = set(starts[-1:]), len(starts) if len(starts) > 1 else None
    else:
        chosen, covers = set(starts), None
    return tuple(
        Decision(at, State.QUEUED, Trigger.CATCH_UP, covers)
        if at in chosen
        else Decision(at, State.MISSED, reason=policy.reason(at))
        for at in late
    )


def _summary(
    schedules: Sequence[Schedule], cursor: Instant, latest: Instant, policy: _Policy
) -> tuple[Decision, ...]:
    count = _count(schedules, cursor, latest)
    reason = f"stands for {_number(count)} missed times"
    if policy.makes_up(latest):
        return (Decision(latest, State.QUEUED, Trigger.CATCH_UP, count, reason),)
    return (Decision(latest, State.MISSED, covers=count, reason=reason),)


def _count(schedules: Sequence[Schedule], cursor: Instant, latest: Instant) -> int | None:
    """Return how many times are in (cursor, latest], or None if only counting would tell."""
    return schedules[0].count(latest, cursor) if len(schedules) == 1 else None


def _number(count: int | None) -> str:
    return f"{MOST_ROWS:,}+" if count is None else f"{count:,}"
