from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.cron import parse_cron
from flowcron.domain.instant import Instant, instant, moment
from flowcron.domain.job import Cron
from flowcron.domain.schedule import schedule_of


def day_texts(draw: st.DrawFn) -> tuple[str, str]:
    number, weekday = st.integers(1, 28).map(str), st.integers(0, 7).map(str)
    nth = st.tuples(st.integers(0, 6), st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}")
    last = st.integers(0, 7).map(lambda day: f"L{day}")
    if draw(st.booleans()):
        return "*", ",".join(draw(st.lists(nth | last, min_size=1, max_size=3)))
    dates = st.lists(number | st.just("L"), min_size=1, max_size=3).map(",".join)
    weekdays = st.lists(weekday | st.just("1-5"), min_size=1, max_size=2).map(",".join)
    day = draw(dates | st.sampled_from(["*", "*/2", "*/10", "1-31"]))
    return day, draw(weekdays | st.sampled_from(["*", "*/2", "0-6"]))


@st.composite
def day_patterns(draw: st.DrawFn) -> str:
    day, weekday = day_texts(draw)
    return f"0 0 {day} {draw(st.sampled_from(['*', '*', '2', '*/3', '4-6,11']))} {weekday}"


def is_match(text: str, day: date) -> bool:
    _, _, dates, months, weekdays = parse_cron(text).fields
    weekday = day.isoweekday() % 7
    is_last = (day + timedelta(days=1)).day == 1
    by_date = day.day in dates.values or (dates.last and is_last)
    in_last_week = (day + timedelta(days=7)).month != day.month
    by_weekday = (
        weekday in weekdays.values
        or (weekday, (day.day + 6) // 7) in weekdays.nth
        or (in_last_week and (weekday, -1) in weekdays.nth)
    )
    both = dates.star or weekdays.star
    return day.month in months.values and (
        (by_date and by_weekday) if both else (by_date or by_weekday)
    )


def midnight(day: date) -> Instant:
    return instant(datetime.combine(day, time(), UTC))


@given(day_patterns(), st.dates(date(2023, 1, 1), date(2032, 1, 1)))
@settings(deadline=None, max_examples=250)
def test_a_day_is_due_exactly_when_its_fields_say_so(text: str, first: date) -> None:
    schedule = schedule_of(Cron(text, "UTC"))
    days = [first + timedelta(days=n) for n in range(1, 120)]
    latest, end = midnight(first), midnight(days[-1])
    found = []

    while (following := schedule.next(latest)) is not None and following <= end:
        found.append(moment(following).date())
        latest = following

    assert found == [day for day in days if is_match(text, day)]
