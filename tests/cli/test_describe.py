"""Schedules in English."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import NOON, after, make_job
from flowcron.cli.describe import cron_text, schedule_text
from flowcron.domain.cron_field import ScheduleError
from flowcron.domain.job import AfterEnd, At, Cron, Every, OnStart, When


@pytest.mark.parametrize(
    ("cron", "english"),
    [
        ("0 3 * * *", "every day at 03:00"),
        ("17 4,16 * * *", "every day at 04:17 and 16:17"),
        ("0 8 * * MON", "Mondays at 08:00"),
        ("0 7 * * 1-5", "weekdays at 07:00"),
        ("0 7 * * 6,7", "weekends at 07:00"),
        ("0 0 * * 1,3,7", "Mondays, Wednesdays and Sundays at 00:00"),
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/15 9-17 * * 1-5", "every 15 minutes from 09:00 to 17:45, weekdays"),
        ("* 9-17 * * *", "every minute from 09:00 to 17:59"),
        ("@hourly", "every hour"),
        ("15 * * * *", "every hour at :15"),
        ("0 9-17 * * *", "every hour from 09:00 to 17:00"),
        ("0 */6 * * *", "every 6 hours"),
        ("@monthly", "the 1st of every month at 00:00"),
        ("0 0 1,15 * *", "the 1st and the 15th of the month at 00:00"),
        ("0 0 L * *", "the last day of every month at 00:00"),
        ("0 8 * * MON#2", "the second Monday of every month at 08:00"),
        ("0 0 * * FRIL", "the last Friday of every month at 00:00"),
        ("@yearly", "every year on 1 January at 00:00"),
        ("0 12 * 6-8 *", "every day in June, July and August at 12:00"),
        ("30 4 1 * 5", "Fridays and the 1st of every month at 04:30"),
        ("30 4 1,15 * 5", "Fridays and the 1st and the 15th of the month at 04:30"),
        ("0 0 */2 * 5", "Fridays that are odd days of the month at 00:00"),
        ("0 0 2-30/2 * *", "even days of the month at 00:00"),
        ("0 0 */5 * *", "every 5th day of the month from the 1st at 00:00"),
        ("0 4 8-14 * *", "the 8th to 14th of every month at 04:00"),
        ("0 12 1 */3 *", "the 1st of January, April, July and October at 12:00"),
        ("0 0 L 2 *", "the last day of February at 00:00"),
        ("0 0 29 2 *", "on 29 February of leap years at 00:00"),
        ("0 0 * 5 MON#2", "the second Monday of May at 00:00"),
        ("59 23 31 12 5", "Fridays in December and the 31st of December at 23:59"),
        ("5-59/10 * * * *", "every 10 minutes from :05"),
        ("23 0-20/2 * * *", "every 2 hours from 00:23 to 20:23"),
        ("0 1-23/2 * * *", "every 2 hours from 01:00"),
        ("0 0-5,20 * * *", "every hour from 00:00 to 05:00 and at 20:00"),
        ("*/15 0-8,18-23 * * *", "every 15 minutes from 00:00 to 08:45 and from 18:00 to 23:45"),
    ],
)
def test_a_cron_expression_reads_as_english(cron: str, english: str) -> None:
    assert cron_text(cron) == english


def test_a_step_that_does_not_divide_the_hour_is_not_called_every_n_minutes() -> None:
    said = cron_text("*/7 * * * *")

    assert "every 7" not in said
    assert "49, and 56 minutes past the hour" in said


def test_the_zone_is_said_where_it_is_not_the_readers() -> None:
    job = make_job(when=(Cron("0 2 * * SUN", "America/New_York"),))

    assert schedule_text(job, zone="America/New_York") == "Sundays at 02:00"
    assert schedule_text(job, zone="Europe/Berlin") == "Sundays at 02:00 America/New_York"


@pytest.mark.parametrize(
    ("when", "english"),
    [
        ((Every(timedelta(seconds=90)),), "every 1m30s"),
        ((Every(timedelta(hours=1), start=NOON),), "every 1h from 2027-03-01 13:00"),
        ((AfterEnd(timedelta(minutes=5)),), "5m after the end of each run"),
        ((OnStart(),), "once per boot"),
        ((At((NOON,)),), "once at 2027-03-01 13:00"),
        (
            (At((NOON, after(60), after(3600))),),
            "3 times from 2027-03-01 13:00 to 2027-03-01 14:00",
        ),
        ((), "by hand"),
    ],
)
def test_other_schedules_than_cron_are_said_too(when: tuple[When, ...], english: str) -> None:
    assert schedule_text(make_job(when=when), zone="Europe/Berlin") == english


FIELD = st.sampled_from(["*", "*/2", "*/7", "1-5", "2,4", "3", "1-5/2", "L", "MON#1", "FRIL"])


@given(st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD))
@settings(deadline=None)
def test_whatever_the_scheduler_accepts_has_a_description(fields: tuple[str, ...]) -> None:
    try:
        said = cron_text(" ".join(fields))
    except ScheduleError:
        return
    assert said == said.strip()
    assert "  " not in said
