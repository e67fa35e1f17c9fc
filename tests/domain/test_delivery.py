"""When alerts are delivered, and what becomes of those that could not be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import NOON, after
from flowcron.domain.alerting import Event
from flowcron.domain.channel import Channel, Limit, Quiet
from flowcron.domain.delivery import (
    FALL_BACK,
    LAST_TRY,
    LONGEST_WAIT,
    Hold,
    Send,
    Waiting,
    after_failure,
    is_digest,
    next_in_lane,
    quiet_until,
    wait_before_try,
)
from flowcron.domain.instant import Instant, instant, micros, moment

OPS = Channel("ops", email=("ops@example.com",))
MONITOR = Channel("hc", healthchecks="https://hc.example.com")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
lucks = st.floats(0, 1, exclude_max=True)
instants = st.integers(0, 4_102_444_800_000_000).map(Instant)


def row(number: int = 1, *, due: float = 0, event: Event = Event.FAILURE, **fields: Any) -> Waiting:
    """Return an alert that was put into the outbox at noon."""
    return Waiting(number, event, fields.pop("created_at", NOON), after(due), **fields)


def sent(decided: object) -> list[int]:
    assert isinstance(decided, Send)
    return [each.id for each in decided.rows]


def berlin(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")))


def test_nothing_is_done_before_something_is_due() -> None:
    assert next_in_lane([row(due=30)], OPS, now=after(29)) is None


def test_what_was_still_being_gathered_goes_along() -> None:
    gathered = [row(1, due=30), row(2, due=35), row(3, due=40)]

    assert sent(next_in_lane(gathered, OPS, now=after(30))) == [1, 2, 3]


def test_what_is_new_does_not_wait_for_what_has_failed() -> None:
    waiting = [row(1, due=3600, tries=8), row(2, due=30)]

    assert sent(next_in_lane(waiting, OPS, now=after(30))) == [2]


def test_what_has_failed_is_tried_again_together() -> None:
    waiting = [row(1, due=60, tries=1), row(2, due=90, tries=2), row(3, due=300)]

    assert sent(next_in_lane(waiting, OPS, now=after(60))) == [1, 2]


def test_a_monitor_hears_everything_in_its_order() -> None:
    waiting = [row(1, due=60, tries=1, event=Event.START), row(2, event=Event.SUCCESS)]

    assert sent(next_in_lane(waiting, MONITOR, now=NOON)) == [1, 2]


def test_each_mail_with_output_goes_alone() -> None:
    waiting = [row(1, event=Event.MAIL), row(2, event=Event.MAIL)]

    assert sent(next_in_lane(waiting, None, now=NOON)) == [1]


def test_nothing_is_delivered_in_quiet_hours_but_a_test() -> None:
    quiet = Channel("ops", email=("a@example.com",), quiet=Quiet(11 * 60, 13 * 60, "UTC"))

    held = next_in_lane([row(1), row(2, due=500)], quiet, now=NOON)

    assert held == Hold((row(1), row(2, due=500)), after(3600))
    assert sent(next_in_lane([row(3, event=Event.TEST)], quiet, now=NOON)) == [3]


def test_beyond_the_limit_everything_waits_for_one_message() -> None:
    limited = Channel("ops", email=("a@example.com",), limit=Limit(2, timedelta(hours=1)))
    waiting = [row(1), row(2)]

    within = next_in_lane(waiting, limited, now=NOON, sent=[after(-4000), after(-60)])
    beyond = next_in_lane(waiting, limited, now=NOON, sent=[after(-600), after(-60)])

    assert sent(within) == [1, 2]
    assert beyond == Hold(tuple(waiting), after(3000))


@given(
    times=st.lists(st.integers(-7200, -1), max_size=40),
    messages=st.integers(1, 10),
)
def test_no_span_has_more_messages_than_the_limit(times: list[int], messages: int) -> None:
    limit = Limit(messages, timedelta(hours=1))
    channel = Channel("ops", email=("a@example.com",), limit=limit)
    before = [after(seconds) for seconds in times]

    decided = next_in_lane([row()], channel, now=NOON, sent=before)

    at = decided.until if isinstance(decided, Hold) else NOON
    counted = [each for each in before if at - micros(limit.per) < each]
    assert len(counted) < messages
    assert isinstance(decided, Send) == (
        len([each for each in before if NOON - micros(limit.per) < each]) < messages
    )


@given(failures=st.integers(1, 10_000), luck=lucks)
def test_waits_double_from_half_a_minute_to_an_hour(failures: int, luck: float) -> None:
    plain = min(30 * 2 ** min(failures - 1, 20), 3600)

    wait = wait_before_try(failures, luck=luck).total_seconds()

    assert 0.8 * plain - 0.001 <= wait <= 1.2 * plain + 0.001


@given(
    tries=st.integers(0, 100),
    age=st.integers(0, 30 * 3600),
    luck=lucks,
    asked=st.none() | st.integers(0, 3600),
)
def test_an_alert_is_tried_for_a_day_and_then_once_more(
    tries: int, age: int, luck: float, asked: int | None
) -> None:
    now = after(age)
    wish = None if asked is None else timedelta(seconds=asked)

    became = after_failure(row(tries=tries), OPS, now=now, luck=luck, asked=wish)

    last = NOON + micros(LAST_TRY)
    if now >= last:
        assert became.again_at is None
        return
    assert became.again_at is not None
    assert now < became.again_at <= last
    if became.again_at < last:
        assert became.again_at - now <= micros(max(LONGEST_WAIT * 1.2, wish or timedelta())) + 1
        assert wish is None or became.again_at >= now + micros(wish)


def test_what_fails_is_tried_again_with_what_has_failed_before() -> None:
    became = after_failure(row(), OPS, now=NOON, luck=0.5, not_before=after(600))

    assert became.again_at == after(600)


def test_the_fallback_is_told_after_a_quarter_of_an_hour_of_failures() -> None:
    backed = Channel("ops", email=("a@example.com",), fallback="oncall")
    failing = row(tries=5, failing_since=NOON)

    early = after_failure(failing, backed, now=after(800), luck=0.5)
    then = after_failure(failing, backed, now=after(900), luck=0.5)
    told = after_failure(row(failing_since=NOON, fell_back=True), backed, now=after(999), luck=0.5)

    assert (early.falls_back, early.again_at) == (False, Instant(NOON + micros(FALL_BACK)))
    assert then.falls_back
    assert not told.falls_back


@pytest.mark.parametrize(
    ("count", "age", "lines"),
    [(1, 0, False), (5, 0, False), (6, 0, True), (1, 24, False), (2, 24, True)],
)
def test_many_alerts_or_very_old_ones_are_a_line_each(count: int, age: int, lines: bool) -> None:
    now = Instant(NOON + micros(timedelta(hours=age)))

    assert is_digest([NOON] * count, now=now) is lines


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2027-03-01T21:59", "2027-03-01T21:59"),
        ("2027-03-01T22:00", "2027-03-02T07:00"),
        ("2027-03-02T06:59", "2027-03-02T07:00"),
        ("2027-03-02T07:00", "2027-03-02T07:00"),
        ("2027-03-27T23:00", "2027-03-28T07:00"),  # the clock goes forward in that night
        ("2027-10-30T23:00", "2027-10-31T07:00"),  # and back in this one
    ],
)
def test_quiet_hours_go_over_midnight_by_the_clock_on_the_wall(now: str, until: str) -> None:
    quiet = Quiet(22 * 60, 7 * 60, "Europe/Berlin")

    assert quiet_until(quiet, berlin(now)) == berlin(until)


def test_quiet_hours_that_end_in_an_hour_that_is_left_out_end_after_it() -> None:
    quiet = Quiet(22 * 60, 2 * 60 + 30, "Europe/Berlin")

    until = quiet_until(quiet, berlin("2027-03-28T01:00"))

    assert moment(until) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 03:30 there


@given(
    now=instants,
    begin=st.integers(0, 1439),
    length=st.integers(1, 1439),
    zone=st.sampled_from(ZONES),
)
def test_quiet_hours_are_over_within_a_day_or_two(
    now: Instant, begin: int, length: int, zone: str
) -> None:
    quiet = Quiet(begin, (begin + length) % 1440, zone)

    until = quiet_until(quiet, now)

    assert now <= until <= now + micros(timedelta(hours=49))
    if until > now:
        here = moment(until, ZoneInfo(zone))
        assert here.second == here.microsecond == 0
