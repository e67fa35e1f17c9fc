from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.cron import parse_cron
from flowcron.domain.instant import Instant, instant, moment
from flowcron.domain.job import Cron, Every, Timed
from flowcron.domain.schedule import Schedule, ScheduleError, ZoneError, interval, schedule_of


def at(text: str, zone: str = "UTC") -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


TEXTS = st.sampled_from(
    [
        "* * * * *",
        "*/15 * * * *",
        "*/7 1-3 * * *",
        "0 0 * * *",
        "30 2 * * *",
        "15,45 0-3 * * *",
        "59 23 L * *",
        "30 1 * * MON#1",
        "0 12 1,15 * 5",
        "@weekly",
    ]
)
PLACES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/Sao_Paulo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Antarctica/Troll",
        "Africa/Cairo",
        "America/St_Johns",
        "Europe/Dublin",
        "Asia/Kathmandu",
    ]
)
CRONS = st.builds(Cron, TEXTS, PLACES)
PERIODS = st.integers(1, 100_000).map(lambda seconds: Every(timedelta(seconds=seconds)))
SCHEDULES = (CRONS | PERIODS).map(schedule_of)
INSTANTS = st.integers(at("2000-01-01"), at("2060-01-01")).map(Instant) | st.sampled_from(
    [
        at("2027-10-31T02:30", "Europe/Berlin"),
        at("2027-03-28T00:59:59"),
        at("2011-12-30T09:59:59"),
        at("2018-11-04T02:59:59"),
    ]
)


def following(schedule: Schedule, after: Instant) -> Instant:
    found = schedule.next(after)
    assert found is not None
    return found


@given(SCHEDULES, INSTANTS, st.floats(0, 1))
@settings(deadline=None, max_examples=500)
def test_the_next_time_is_later_and_the_same_from_anywhere_before_it(
    schedule: Schedule, after: Instant, share: float
) -> None:
    found = following(schedule, after)

    between = Instant(after + int((found - after - 1) * share))
    assert found > after
    assert schedule.next(between) == found
    assert schedule.next(Instant(found - 1)) == found


@given(CRONS, INSTANTS)
@settings(deadline=None, max_examples=500)
def test_a_time_matches_its_fields_unless_it_ends_a_skipped_hour(
    when: Cron, after: Instant
) -> None:
    zone = ZoneInfo(when.timezone)
    expression = parse_cron(when.text)

    found = moment(following(schedule_of(when), after), zone)

    minute_ago = (found.astimezone(UTC) - timedelta(minutes=1)).astimezone(zone)
    clock_went_forward = found.utcoffset() != minute_ago.utcoffset()
    on_the_wall = (found.minute, found.hour, found.month)
    values = (expression.minute.values, expression.hour.values, expression.month.values)
    matches = all(value in allowed for value, allowed in zip(on_the_wall, values, strict=True))
    assert matches or (clock_went_forward and not expression.wildcard)


@given(SCHEDULES, INSTANTS, st.integers(0, 50), st.integers(0, 10**12))
@settings(deadline=None, max_examples=300)
def test_the_last_time_is_the_one_that_counting_finds(
    schedule: Schedule, floor: Instant, count: int, rest: int
) -> None:
    found = list(
        itertools.accumulate(
            range(count), lambda latest, _: following(schedule, latest), initial=floor
        )
    )
    end = Instant(found[-1] + rest % (following(schedule, found[-1]) - found[-1]))

    latest = schedule.last(end, floor)

    assert latest == (found[-1] if count else None)
    assert schedule.count(end, floor) in {None, count}


def test_the_last_time_is_found_at_once_in_ten_years_of_minutes() -> None:
    schedule = schedule_of(Cron("* * * * *", "Europe/Berlin"))

    latest = schedule.last(at("2030-01-01T00:00:30"), at("2020-01-01"))

    assert latest == at("2030-01-01")


def test_the_latest_of_several_times_is_found_after_a_long_pause() -> None:
    mornings = schedule_of(Cron("0,10,20 6 1 1 *", "UTC"))

    assert mornings.last(at("2030-12-31"), at("2000-01-01")) == at("2030-01-01T06:20")
    assert mornings.last(at("2030-01-01T06:19:59"), at("2000-01-01")) == at("2030-01-01T06:10")


def test_a_yearly_time_is_found_backwards() -> None:
    schedule = schedule_of(Cron("@yearly", "UTC"))

    assert schedule.last(at("2030-12-31"), at("2000-01-01")) == at("2030-01-01")
    assert schedule.last(at("2030-12-31"), at("2030-01-01")) is None


def test_nothing_lies_between_an_instant_and_itself() -> None:
    for schedule in (
        schedule_of(Cron("* * * * *", "UTC")),
        schedule_of(Every(timedelta(seconds=1))),
    ):
        assert schedule.last(at("2030-01-01"), at("2030-01-01")) is None
        assert schedule.count(at("2030-01-01"), at("2030-01-01")) == 0
        assert schedule.count(at("2029-01-01"), at("2030-01-01")) == 0


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Apia"])
@pytest.mark.parametrize("text", ["* * * * *", "0 0 29 2 *", "0 0 * * FRIL"])
def test_the_calendar_has_an_end_and_nothing_fails_there(zone: str, text: str) -> None:
    schedule = schedule_of(Cron(text, zone))

    assert schedule.next(at("9999-12-31T23:00")) is None
    assert schedule.next(at("9920-01-01")) is None
    assert schedule.next(at("9900-01-01")) is not None
    assert schedule.next(at("0001-01-02")) is not None
    assert interval(schedule, at("9999-01-01")) is None


def test_a_period_counts_from_the_epoch_across_clock_changes() -> None:
    quarter = schedule_of(Every(timedelta(minutes=15)))

    assert quarter.next(at("2027-10-31T02:10", "Europe/Berlin")) == at("2027-10-31T00:15")
    assert quarter.next(at("2027-10-31T00:15")) == at("2027-10-31T00:30")
    assert quarter.next(Instant(-1)) == 0


def test_the_interval_is_the_time_between_the_next_two_times() -> None:
    weekdays = schedule_of(Cron("0 9 * * 1-5", "UTC"))

    assert interval(weekdays, at("2027-01-07T12:00")) == timedelta(days=3)
    assert interval(weekdays, at("2027-01-05T12:00")) == timedelta(days=1)


# ── equal schedules ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0 9 * * 1-5", "0 9 * * MON-FRI"),
        ("0 9 * * 0", "00  9\t* * SUN"),
        ("0 9 * * 7", "0 9 * * 0"),
        ("0 0 * * *", "@daily"),
        ("5-5 0 * * *", "5 0 * * *"),
        ("0 9 1 * 0-6", "0 9 * * *"),
    ],
)
def test_two_ways_to_write_one_schedule_have_one_key(first: str, second: str) -> None:
    assert schedule_of(Cron(first, "UTC")).key == schedule_of(Cron(second, "UTC")).key


def test_a_star_makes_another_schedule_of_the_same_minutes() -> None:
    keys = {schedule_of(Cron(text, "UTC")).key for text in ("0,30 9 * * *", "*/30 9 * * *")}

    assert len(keys) == 2


@pytest.mark.parametrize(
    ("when", "key"),
    [
        (
            Cron("*/20 9-10 * * 1-5", "Europe/Berlin"),
            "cron 0,20,40 9,10 * * 1,2,3,4,5 wildcard Europe/Berlin",
        ),
        (Cron("30 4 1,L * FRI", "UTC"), "cron 30 4 1,L * 5 either-day fixed UTC"),
        (Cron("0 0 * 2 MON#2,L5", "UTC"), "cron 0 0 * 2 1#2,L5 fixed UTC"),
        (Every(timedelta(minutes=5)), "every 300s"),
    ],
)
def test_a_key_stays_what_history_has_stored(when: Timed, key: str) -> None:
    assert schedule_of(when).key == key


def test_jobs_with_one_schedule_share_one_object() -> None:
    first = schedule_of(Cron("0 3 * * THU", "UTC"), seed="a", job="first")
    second = schedule_of(Cron("0 3 * * THU", "UTC"), seed="a", job="second")

    assert first is second


def test_jobs_with_h_have_schedules_of_their_own() -> None:
    keys = {schedule_of(Cron("H H * * *", "UTC"), seed="a", job=f"job{n}").key for n in range(20)}

    assert len(keys) > 15


@pytest.mark.parametrize("seconds", [0, -5, 0.5, 1.5, 366 * 86_400 + 1])
def test_a_period_is_whole_seconds_up_to_a_year(seconds: float) -> None:
    with pytest.raises(ScheduleError) as caught:
        schedule_of(Every(timedelta(seconds=seconds)))

    assert caught.value.hint


def test_a_bad_text_and_a_bad_zone_are_told_apart() -> None:
    with pytest.raises(ScheduleError, match="61 is outside 0-59"):
        schedule_of(Cron("61 * * * *", "UTC"))
    with pytest.raises(ZoneError, match="Mars/Base"):
        schedule_of(Cron("0 * * * *", "Mars/Base"))
