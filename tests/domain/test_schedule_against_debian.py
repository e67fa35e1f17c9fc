from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debian_cron import Entry, clock_changes, runs
from flowcron.domain.instant import instant, moment
from flowcron.domain.job import Cron
from flowcron.domain.schedule import schedule_of

ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Almaty",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Norfolk",
)
EARLIER = (
    ("America/Sao_Paulo", 2018, 2019),
    ("Antarctica/Casey", 2018, 2023),
    ("Pacific/Apia", 2011, 2012),
)
AROUND = timedelta(hours=5)
CHANGES = [(zone, at) for zone in ZONES for at in clock_changes(zone, 2024, 2030)] + [
    (zone, at) for zone, first, last in EARLIER for at in clock_changes(zone, first, last)
]
FULL = (range(60), range(24), range(1, 32), range(1, 13), range(7))


def make_entry(*texts_and_values: tuple[str, frozenset[int]]) -> Entry:
    texts = [text for text, _ in texts_and_values]
    minutes, hours, days, months, weekdays = (values for _, values in texts_and_values)
    stars = tuple(text.startswith("*") for text in texts)
    assert len(stars) == 5
    return Entry(" ".join(texts), minutes, hours, days, months, weekdays, stars)


def field(place: int, *, low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    full = frozenset(FULL[place])
    values = st.integers(low, high)
    steps = st.integers(1, max(2, (high - low) // 2))
    star = st.just(("*", full))
    listed = st.frozensets(values, min_size=1, max_size=3).map(
        lambda chosen: (",".join(map(str, sorted(chosen))), chosen)
    )
    stepped = steps.map(
        lambda step: (f"*/{step}", frozenset(range(FULL[place][0], FULL[place][-1] + 1, step)))
    )
    ranged = st.tuples(values, values, steps).map(
        lambda abc: (
            f"{min(abc[:2])}-{max(abc[:2])}/{abc[2]}",
            frozenset(range(min(abc[:2]), max(abc[:2]) + 1, abc[2])),
        )
    )
    starred_list = values.map(lambda value: (f"*,{value}", full))
    return st.one_of(star, listed, listed, stepped, ranged, starred_list)


ENTRIES = st.builds(
    make_entry,
    field(0, low=0, high=59),
    field(1, low=0, high=23) | field(1, low=0, high=4),
    st.just(("*", frozenset(FULL[2]))) | field(2, low=1, high=28),
    st.just(("*", frozenset(FULL[3]))) | field(3, low=1, high=12),
    st.just(("*", frozenset(FULL[4]))) | field(4, low=0, high=6),
)


def flowcron_runs(entry: Entry, zone: str, start: datetime, end: datetime) -> list[datetime]:
    schedule = schedule_of(Cron(entry.text, zone))
    found = []
    at = schedule.next(instant(start))
    while at is not None and at <= instant(end):
        found.append(moment(at))
        at = schedule.next(at)
    return found


@given(ENTRIES, st.sampled_from(CHANGES))
@settings(deadline=None, max_examples=1_500)
def test_a_random_line_runs_around_a_clock_change_as_debian_runs_it(
    entry: Entry, change: tuple[str, datetime]
) -> None:
    zone, at = change
    start, end = at - AROUND, at + AROUND

    found = flowcron_runs(entry, zone, start, end)

    assert found == runs(entry, ZoneInfo(zone), start, end)


LINES = [
    "* * * * *",
    "*/15 * * * *",
    "*/7 * * * *",
    "0 * * * *",
    "30 * * * *",
    "* 2 * * *",
    "5-55/10 */2 * * *",
    "30 0-3 * * *",
    "0 0 * * *",
    "30 0 * * *",
    "15,45 1,2,3 * * *",
    "59 23 * * *",
    "0-59 0-23 * * *",
]


def values_of(text: str, place: int) -> frozenset[int]:
    full = FULL[place]
    values: set[int] = set()
    for item in text.split(","):
        body, _, step = item.partition("/")
        low, _, high = body.replace("*", f"{full[0]}-{full[-1]}").partition("-")
        values.update(range(int(low), int(high or low) + 1, int(step or 1)))
    return frozenset(values)


@pytest.mark.parametrize("line", LINES)
def test_a_line_runs_around_every_clock_change_as_debian_runs_it(line: str) -> None:
    entry = make_entry(*((text, values_of(text, i)) for i, text in enumerate(line.split())))
    different = []

    for zone, at in CHANGES:
        start, end = at - AROUND, at + AROUND
        if flowcron_runs(entry, zone, start, end) != runs(entry, ZoneInfo(zone), start, end):
            different.append((zone, at))

    assert different == []


def test_the_clock_changes_of_seven_years_are_looked_at() -> None:
    in_apia = [at for zone, at in CHANGES if zone == "Pacific/Apia"]

    assert len(CHANGES) > 300
    assert datetime(2011, 12, 30, 10, tzinfo=UTC) in in_apia
