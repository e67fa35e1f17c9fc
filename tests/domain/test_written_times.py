"""Times that are written out, periods with a beginning, and delayed schedules."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.jitter import Delayed
from flowcron.domain.job import At, Every
from flowcron.domain.schedule import Schedule, schedule_of

instants = st.integers(0, 2_000_000_000).map(lambda second: Instant(second * SECOND))


def check(schedule: Schedule, times: list[Instant], at: Instant) -> None:
    """Compare a schedule with all its times near an instant."""
    later = [time for time in times if time > at]
    assert schedule.next(at) == (later[0] if later else None)
    floor = Instant(at - 1000 * SECOND)
    before = [time for time in times if floor < time <= at]
    assert schedule.last(at, floor) == (before[-1] if before else None)
    assert schedule.count(at, floor) in {len(before), None}


@given(st.sets(instants, max_size=8), instants)
def test_written_times_come_each_once_in_order(times: set[Instant], at: Instant) -> None:
    check(schedule_of(At(tuple(times))), sorted(times), at)


@given(instants, st.integers(1, 400), st.integers(-500, 3000))
def test_a_period_with_a_beginning_has_no_time_before_it(
    start: Instant, seconds: int, offset: int
) -> None:
    schedule = schedule_of(Every(timedelta(seconds=seconds), start))
    times = [Instant(start + n * seconds * SECOND) for n in range(4000)]

    check(schedule, times, Instant(start + offset * SECOND))


@given(st.sets(instants, max_size=8), instants, st.integers(0, 10**9))
def test_a_delayed_schedule_has_the_same_times_later(
    times: set[Instant], at: Instant, delay: int
) -> None:
    schedule = Delayed(schedule_of(At(tuple(times))), delay)

    check(schedule, [Instant(time + delay) for time in sorted(times)], at)


def test_other_beginnings_are_other_schedules() -> None:
    period = timedelta(minutes=5)

    keys = {schedule_of(Every(period, start)).key for start in (None, Instant(0), Instant(1))}

    assert len(keys) == 3
