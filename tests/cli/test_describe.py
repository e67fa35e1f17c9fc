"""Schedules in English."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import make_job
from flowcron.cli.describe import cron_text, schedule_text
from flowcron.domain.cron_field import ScheduleError
from flowcron.domain.job import Cron, Every


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
        ("0 0 */2 * 5", "Fridays that are every 2nd day from the 1st at 00:00"),
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


def test_a_period_and_no_schedule_at_all_are_said_too() -> None:
    assert schedule_text(make_job(when=(Every(timedelta(seconds=90)),))) == "every 1m30s"
    assert schedule_text(make_job()) == "by hand"


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
