from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from flowcron.domain.instant import SECOND, Instant, instant, moment
from flowcron.domain.job import Cron
from flowcron.domain.schedule import schedule_of

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = "UTC") -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def times(text: str, zone: str, *, after: str, count: int) -> list[str]:
    """Return the next times as the wall shows them, with the offset from UTC."""
    schedule, found, latest = schedule_of(Cron(text, zone)), [], at(after, zone)
    for _ in range(count):
        following = schedule.next(latest)
        assert following is not None
        latest = following
        found.append(moment(latest, ZoneInfo(zone)).isoformat(timespec="minutes"))
    return found


def test_a_fixed_time_in_the_repeated_hour_runs_once() -> None:
    found = times("30 2 * * *", BERLIN, after="2027-10-30T12:00", count=2)

    assert found == ["2027-10-31T02:30+02:00", "2027-11-01T02:30+01:00"]


def test_a_fixed_time_in_the_skipped_hour_runs_at_its_end() -> None:
    found = times("30 2 * * *", BERLIN, after="2027-03-27T12:00", count=2)

    assert found == ["2027-03-28T03:00+02:00", "2027-03-29T02:30+02:00"]


def test_several_fixed_times_in_the_skipped_hour_run_once_together() -> None:
    found = times("0,20,40 2,3 * * *", BERLIN, after="2027-03-28T00:00", count=3)

    assert found == ["2027-03-28T03:00+02:00", "2027-03-28T03:20+02:00", "2027-03-28T03:40+02:00"]


@pytest.mark.parametrize("night", ["2027-10-31", "2027-03-28"])
def test_each_quarter_of_an_hour_is_one_of_real_time_on_every_night(night: str) -> None:
    schedule = schedule_of(Cron("*/15 * * * *", BERLIN))
    latest, found = at(f"{night}T00:00", BERLIN), []

    for _ in range(40):
        following = schedule.next(latest)
        assert following is not None
        found.append(following - latest)
        latest = following

    assert set(found) == {15 * 60 * SECOND}


def test_a_wildcard_is_not_made_up_for_the_skipped_hour() -> None:
    found = times("30 * * * *", BERLIN, after="2027-03-28T01:00", count=2)

    assert found == ["2027-03-28T01:30+01:00", "2027-03-28T03:30+02:00"]


def test_at_hourly_is_a_fixed_schedule() -> None:
    found = times("@hourly", BERLIN, after="2027-10-31T01:30", count=3)

    assert found == ["2027-10-31T02:00+02:00", "2027-10-31T03:00+01:00", "2027-10-31T04:00+01:00"]


@pytest.mark.parametrize(
    ("zone", "text", "after", "expected"),
    [
        (
            "America/Sao_Paulo",
            "0 0 * * *",
            "2018-11-03T12:00",
            ["2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00"],
        ),
        (
            "Australia/Lord_Howe",
            "15 2 * * *",
            "2027-10-02T12:00",
            ["2027-10-03T02:30+11:00", "2027-10-04T02:15+11:00"],
        ),
        (
            "Australia/Lord_Howe",
            "45 1 * * *",
            "2027-04-03T12:00",
            ["2027-04-04T01:45+11:00", "2027-04-05T01:45+10:30"],
        ),
        (
            "Australia/Lord_Howe",
            "*/15 * * * *",
            "2027-04-04T01:15",
            [
                "2027-04-04T01:30+11:00",
                "2027-04-04T01:45+11:00",
                "2027-04-04T01:30+10:30",
                "2027-04-04T01:45+10:30",
                "2027-04-04T02:00+10:30",
            ],
        ),
        (
            "Pacific/Chatham",
            "0 3 * * *",
            "2027-09-25T12:00",
            ["2027-09-26T03:45+13:45", "2027-09-27T03:00+13:45"],
        ),
        (
            "Pacific/Chatham",
            "0 3 * * *",
            "2027-04-03T12:00",
            ["2027-04-04T03:00+13:45", "2027-04-05T03:00+12:45"],
        ),
        (
            "Africa/Casablanca",
            "30 2 * * *",
            "2024-03-09T12:00",
            ["2024-03-10T02:30+01:00", "2024-03-11T02:30+00:00"],
        ),
        (
            "Africa/Casablanca",
            "30 2 * * *",
            "2024-04-13T12:00",
            ["2024-04-14T03:00+01:00", "2024-04-15T02:30+01:00"],
        ),
        (
            "Africa/Cairo",
            "0 0 * * *",
            "2024-04-25T12:00",
            ["2024-04-26T01:00+03:00", "2024-04-27T00:00+03:00"],
        ),
        (
            "Africa/Cairo",
            "30 23 * * *",
            "2024-10-31T12:00",
            ["2024-10-31T23:30+03:00", "2024-11-01T23:30+02:00"],
        ),
        (
            "Pacific/Apia",
            "0 12 * * *",
            "2011-12-29T00:00",
            ["2011-12-29T12:00-10:00", "2011-12-31T12:00+14:00"],
        ),
        (
            "Antarctica/Troll",
            "15,45 1,2 * * *",
            "2027-03-27T12:00",
            ["2027-03-28T03:00+02:00", "2027-03-29T01:15+02:00"],
        ),
        (
            "Antarctica/Troll",
            "30 2 * * *",
            "2027-10-30T12:00",
            ["2027-10-31T02:30+02:00", "2027-11-01T02:30+00:00"],
        ),
        (
            "America/Nuuk",
            "30 23 * * *",
            "2024-03-30T12:00",
            ["2024-03-31T00:00-01:00", "2024-03-31T23:30-01:00"],
        ),
        (
            "America/Nuuk",
            "30 23 * * *",
            "2024-10-26T12:00",
            ["2024-10-26T23:30-01:00", "2024-10-27T23:30-02:00"],
        ),
        (
            "Antarctica/Casey",
            "30 2 * * *",
            "2023-03-08T12:00",
            ["2023-03-09T02:30+11:00", "2023-03-10T02:30+08:00"],
        ),
    ],
)
def test_a_zone_with_an_odd_clock_change_keeps_the_rules(
    zone: str, text: str, after: str, expected: list[str]
) -> None:
    assert times(text, zone, after=after, count=len(expected)) == expected


def test_either_of_two_restricted_day_fields_is_enough() -> None:
    found = times("30 4 1,15 * 5", "UTC", after="2027-01-01T12:00", count=4)

    assert [text[:10] for text in found] == ["2027-01-08", "2027-01-15", "2027-01-22", "2027-01-29"]
    assert times("30 4 1,15 * 5", "UTC", after="2027-01-29T12:00", count=1)[0][:10] == "2027-02-01"


def test_both_day_fields_must_match_where_one_begins_with_a_star() -> None:
    found = times("0 0 */2 * 1", "UTC", after="2027-01-01T12:00", count=3)

    assert [text[:10] for text in found] == ["2027-01-11", "2027-01-25", "2027-02-01"]


def test_a_date_that_never_comes_leaves_the_weekday() -> None:
    found = times("0 0 31 2 1", "UTC", after="2027-01-01T12:00", count=2)

    assert [text[:10] for text in found] == ["2027-02-01", "2027-02-08"]


def test_a_full_list_of_weekdays_is_still_a_restriction() -> None:
    found = times("0 0 15 * 0-6", "UTC", after="2027-01-01T12:00", count=2)

    assert [text[:10] for text in found] == ["2027-01-02", "2027-01-03"]


def test_every_seventh_minute_begins_anew_with_the_hour() -> None:
    found = times("*/7 * * * *", "UTC", after="2027-01-01T11:50", count=2)

    assert [text[11:16] for text in found] == ["11:56", "12:00"]


def test_a_leap_day_is_found_eight_years_ahead() -> None:
    found = times("0 0 29 2 *", "UTC", after="2096-03-01T00:00", count=1)

    assert found == ["2104-02-29T00:00+00:00"]


def test_a_rare_leap_day_is_found_a_generation_ahead() -> None:
    found = times("0 0 * 2 MON#5", "UTC", after="2073-01-01T00:00", count=1)

    assert found == ["2112-02-29T00:00+00:00"]
