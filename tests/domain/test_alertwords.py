"""Hours, limits, reminders and factors as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcron.domain.alerting import Remind
from flowcron.domain.alertwords import (
    AlertWordError,
    format_factor,
    format_limit,
    format_quiet,
    format_remind,
    parse_factor,
    parse_hours,
    parse_limit,
    parse_remind,
)
from flowcron.domain.channel import Limit, Quiet
from flowcron.domain.duration import DurationError

MINUTES = st.integers(0, 24 * 60 - 1)


@given(begin=MINUTES, end=MINUTES.filter(bool))
def test_quiet_hours_are_read_as_they_are_written(begin: int, end: int) -> None:
    last = (begin + end) % (24 * 60)

    assert parse_hours(format_quiet(Quiet(begin, last, "UTC"))) == (begin, last)


@given(
    limit=st.builds(
        Limit, st.integers(1, 999_999), st.timedeltas(timedelta(seconds=1), timedelta(days=999))
    )
)
def test_a_limit_is_read_as_it_is_written(limit: Limit) -> None:
    whole = Limit(limit.messages, timedelta(seconds=int(limit.per.total_seconds())))

    assert parse_limit(format_limit(whole)) == whole


@pytest.mark.parametrize(
    ("text", "messages", "seconds"),
    [("20/h", 20, 3600), ("5/10m", 5, 600), ("1/d", 1, 86_400), ("3/1h30m", 3, 5400)],
)
def test_a_limit_counts_messages_in_a_length_of_time(
    text: str, messages: int, seconds: int
) -> None:
    assert parse_limit(text) == Limit(messages, timedelta(seconds=seconds))
    assert format_limit(parse_limit(text)) in (text, f"{messages}/{text.split('/')[1]}")


def test_a_reminder_comes_after_a_length_or_with_each_failure_or_never() -> None:
    assert parse_remind("12h") == timedelta(hours=12)
    assert parse_remind("each") is Remind.EACH
    assert parse_remind("never") is Remind.NEVER
    assert [format_remind(parse_remind(text)) for text in ("12h", "each")] == ["12h", "each"]


def test_a_factor_is_a_number_of_times() -> None:
    assert [parse_factor(text) for text in ("3x", "2.5x", "1.001x")] == [3, 2.5, 1.001]
    assert [format_factor(factor) for factor in (3.0, 2.5)] == ["3x", "2.5x"]


@pytest.mark.parametrize(
    ("parse", "text", "message", "hint"),
    [
        (parse_hours, "22-7", '"22-7" is not a span of hours', '"22:00-07:00"'),
        (parse_hours, "24:00-07:00", "not a span of hours", "across midnight"),
        (parse_hours, "07:00-07:00", "no time at all, or all of it", '"22:00-07:00"'),
        (parse_limit, "20", '"20" is not a limit', '"20/h", "5/10m"'),
        (parse_limit, "0/h", "not a limit", '"20/h"'),
        (parse_limit, "5/0m", "not a limit", '"20/h"'),
        (parse_limit, "5/99999d", "too long", "100 years"),
        (parse_remind, "sometimes", "is not a duration", '"never" or "each"'),
        (parse_remind, "Each", "is not a duration", '"never" or "each"'),
        (parse_remind, "0s", "no time at all", '"each"'),
        (parse_remind, "12", "has no unit", '"12s"'),
        (parse_factor, "3", "3 is not a factor", 'write "3x"'),
        (parse_factor, "1x", '"1x" is not a factor', 'more than "1x"'),
        (parse_factor, "x" * 99, "…", '"3x"'),
    ],
)
def test_what_cannot_be_read_says_what_to_write(
    parse: Callable[[str], object], text: str, message: str, hint: str
) -> None:
    with pytest.raises((AlertWordError, DurationError)) as caught:
        parse(text)

    assert message in str(caught.value)
    assert hint in vars(caught.value)["hint"]
