from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.duration import (
    DurationError,
    format_duration,
    human_duration,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
        ("0s", timedelta()),
        ("1m1m", timedelta(minutes=2)),
        ("36525d", timedelta(days=36_525)),
        ("0" * 30 + "7s", timedelta(seconds=7)),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("10x", '"10x" is not a duration', '"10s", "5m"'),
        ("5", "5 has no unit", '"5s" or "5m"'),
        ("", '"" is not a duration', "a number and a unit"),
        ("1M", '"1M" is not a duration', 'write "1m"'),
        ("1h 30m", '"1h 30m" is not a duration', "a number and a unit"),
        ("-5s", '"-5s" is less than no time', 'write it without -: "5s"'),
        ("-1h30m", '"-1h30m" is less than no time', 'write it without -: "1h30m"'),
        ("-3", "-3 is less than no time", 'write it without -: "3s"'),
        ("--3s", '"--3s" is not a duration', "a number and a unit"),
        ("1.5h", '"1.5h" is not a duration', "a number and a unit"),
        ("٣s", '"٣s" is not a duration', "a number and a unit"),
        ("5s\n", '"5s\n" is not a duration', "a number and a unit"),
        ("36526d", '"36526d" is too long', "36525d"),
        ("9" * 5000 + "s", "is too long", "36525d"),
        ("9" * 5000, "has no unit", "write a unit"),
        ("999999999999999999w", "is too long", "36525d"),
    ],
)
def test_what_is_no_duration_is_refused_with_what_to_write(
    text: str, message: str, hint: str
) -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration(text)

    assert message in caught.value.message
    assert hint in caught.value.hint
    assert len(caught.value.message) < 100


@given(st.integers(0, 36_525 * 86_400_000).map(lambda ms: timedelta(milliseconds=ms)))
@settings(deadline=None)
def test_a_formatted_duration_reads_back_as_itself(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length


@given(st.text(alphabet="0123456789mshdwx .-", max_size=30) | st.text())
@settings(deadline=None)
def test_any_text_is_a_duration_or_a_duration_error(text: str) -> None:
    with contextlib.suppress(DurationError):
        assert parse_duration(text) >= timedelta()


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(minutes=90), "1h30m"),
        (timedelta(days=90), "90d"),
        (timedelta(seconds=1, milliseconds=5), "1s5ms"),
    ],
)
def test_a_formatted_duration_has_the_largest_units_first(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (0.0000004, "0.0s"),
        (0.0005, "1ms"),
        (0.0031, "3ms"),
        (0.0999, "99ms"),
        (0.1, "0.1s"),
        (0.2, "0.2s"),
        (6.19, "6.1s"),
        (59.99, "59.9s"),
        (60, "1m 00s"),
        (1061, "17m 41s"),
        (544, "9m 04s"),
        (3600, "1h 00m"),
        (86_399, "23h 59m"),
        (205_200, "2d 9h"),
        (-90, "-1m 30s"),
    ],
)
def test_a_screen_shows_the_two_units_that_matter(seconds: float, text: str) -> None:
    assert human_duration(timedelta(seconds=seconds)) == text
