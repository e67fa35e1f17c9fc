"""Times on the screen and on the command line."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.cli.readtime import TimeError, read_time
from flowcron.domain.times import away, relative, short
from rows import SUNDAY, ago, at

BERLIN = ZoneInfo("Europe/Berlin")  # SUNDAY is 19:48:19 there


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-11-22 17:30", "today 18:30"),
        ("2026-11-22 17:30:15", "today 18:30:15"),
        ("2026-11-23 02:00", "tomorrow 03:00"),
        ("2026-11-20 06:00", "Fri 07:00"),
        ("2026-11-16 06:00", "Mon 07:00"),
        ("2026-11-15 06:00", "2026-11-15 07:00"),
        ("2026-10-31 01:30", "2026-10-31 02:30"),
    ],
)
def test_near_times_are_named_and_far_ones_dated(when: str, said: str) -> None:
    assert short(at(when), SUNDAY, BERLIN) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        ({"seconds": 11}, "11s"),
        ({"minutes": 40, "seconds": 9}, "40m"),
        ({"hours": 5, "minutes": 12}, "5h 12m"),
        ({"hours": 13, "minutes": 50}, "13h"),
        ({"days": 6, "hours": 1}, "6d"),
    ],
)
def test_what_is_far_away_is_said_coarsely(length: dict[str, int], said: str) -> None:
    assert away(timedelta(**length)) == said


def test_relative_times_look_both_ways() -> None:
    assert relative(ago(hours=2), SUNDAY) == "2h ago"
    assert relative(ago(hours=-8), SUNDAY) == "in 8h"
    assert relative(SUNDAY, SUNDAY) == "now"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2h", "2026-11-22 16:48:19"),
        ("1w", "2026-11-15 18:48:19"),
        ("1h30m", "2026-11-22 17:18:19"),
        ("now", "2026-11-22 18:48:19"),
        ("today", "2026-11-21 23:00"),
        ("yesterday", "2026-11-20 23:00"),
        ("yesterday 14:30", "2026-11-21 13:30"),
        ("monday", "2026-11-15 23:00"),
        ("Sunday", "2026-11-21 23:00"),
        ("wed 03:00", "2026-11-18 02:00"),
        ("14:30", "2026-11-22 13:30"),
        ("2026-11-20", "2026-11-19 23:00"),
        ("2026-11-20 08:00", "2026-11-20 07:00"),
        ("2026-11-20T08:00+05:00", "2026-11-20 03:00"),
        ("2026-11-20T08:00Z", "2026-11-20 08:00"),
    ],
)
def test_since_looks_back(text: str, when: str) -> None:
    assert read_time(text, SUNDAY, BERLIN) == at(when)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2h", "2026-11-22 20:48:19"),
        ("tomorrow", "2026-11-22 23:00"),
        ("monday 08:00", "2026-11-23 07:00"),
        ("sunday", "2026-11-28 23:00"),
    ],
)
def test_until_looks_ahead(text: str, when: str) -> None:
    assert read_time(text, SUNDAY, BERLIN, ahead=True) == at(when)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "monday tuesday", "5"])
def test_what_is_no_time_is_refused_with_the_ways_to_write_one(text: str) -> None:
    with pytest.raises(TimeError, match='"14:30"'):
        read_time(text, SUNDAY, BERLIN)


@given(st.text(max_size=20))
@settings(deadline=None)
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with suppress(TimeError):
        assert read_time(text, SUNDAY, BERLIN) is not None
