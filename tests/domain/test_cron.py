from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.cron import NICKNAMES, CronExpression, ScheduleError, other_trigger, parse_cron
from flowcron.domain.job import Every


def refused(text: str) -> ScheduleError:
    with pytest.raises(ScheduleError) as caught:
        parse_cron(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("5 * * * *", {5}),
        ("5-5 * * * *", {5}),
        ("1,3,1 * * * *", {1, 3}),
        ("10-13 * * * *", {10, 11, 12, 13}),
        ("50-59/4 * * * *", {50, 54, 58}),
        ("*/20 * * * *", {0, 20, 40}),
        ("*/90 * * * *", {0}),
        ("07 * * * *", {7}),
        ("\t7   * * * *  ", {7}),
    ],
)
def test_a_field_is_values_ranges_steps_and_lists(text: str, minutes: set[int]) -> None:
    assert parse_cron(text).minute.values == minutes


@pytest.mark.parametrize("text", ["0 0 * * MON-FRI", "0 0 * * mon-Fri", "0 0 * * 1-5"])
def test_names_of_weekdays_may_be_in_any_case_and_in_ranges(text: str) -> None:
    assert parse_cron(text).weekday.values == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("text", ["0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "0 0 * * 0,7"])
def test_sunday_is_0_and_7(text: str) -> None:
    assert parse_cron(text).weekday.values == {0}


def test_a_range_of_weekdays_may_end_with_sunday_as_7() -> None:
    assert parse_cron("0 0 * * 5-7").weekday.values == {5, 6, 0}


def test_names_of_months_are_values() -> None:
    assert parse_cron("0 0 1 JAN,jun-AUG *").month.values == {1, 6, 7, 8}


@pytest.mark.parametrize(("nickname", "text"), NICKNAMES.items())
def test_a_nickname_stands_for_five_fields(nickname: str, text: str) -> None:
    expression = parse_cron(nickname)

    assert expression.text == text
    assert expression.nickname == nickname


@pytest.mark.parametrize(
    ("text", "wildcard"),
    [
        ("0 * * * *", True),
        ("* 3 * * *", True),
        ("*/5 3 * * *", True),
        ("*,5 3 * * *", True),
        ("0-59 0-23 * * *", False),
        ("0 3 * * *", False),
        ("@hourly", False),
        ("H * * * *", True),
    ],
)
def test_a_wildcard_has_a_star_at_the_front_of_minute_or_hour(text: str, wildcard: bool) -> None:
    assert parse_cron(text).wildcard is wildcard


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("30 4 1,15 * 5", False),
        ("0 0 */2 * 1", True),
        ("0 0 1 * *", True),
        ("0 0 1 * */2", True),
        ("0 0 1-31 * 1", False),
    ],
)
def test_one_day_field_is_enough_unless_one_begins_with_a_star(text: str, both: bool) -> None:
    assert parse_cron(text).both_days is both


def test_l_is_the_last_day_of_the_month() -> None:
    expression = parse_cron("0 0 15,L * *")

    assert expression.day.last
    assert expression.day.values == {15}


@pytest.mark.parametrize(
    ("text", "nth"),
    [
        ("MON#2", {(1, 2)}),
        ("1#2,3#4", {(1, 2), (3, 4)}),
        ("7#1", {(0, 1)}),
        ("FRIL", {(5, -1)}),
        ("l5", {(5, -1)}),
        ("L7,sun#1", {(0, -1), (0, 1)}),
    ],
)
def test_weekdays_of_the_month_are_counted(text: str, nth: set[tuple[int, int]]) -> None:
    assert parse_cron(f"0 0 * * {text}").weekday.nth == nth


# ── what is refused, and what to write instead ───────────────────────────


@pytest.mark.parametrize(
    ("text", "marked", "message", "hint"),
    [
        ("0 0 * * * *", "*", "five fields, this has 6", 'every = "30s"'),
        ("0 0 0 1 1 ? 2027", "? 2027", "five fields, this has 7", 'every = "30s"'),
        ("0 0 * *", "0 0 * *", "five fields, this has 4", "minute, hour, day of month"),
        ("5/10 * * * *", "5/10", "minute: ", "write 5-59/10"),
        ("0 0 * * 1/2", "1/2", "day of week: ", "write 1-6/2"),
        ("0 0 * * FRI-MON", "FRI-MON", "runs backward", "write FRI,SAT,SUN,MON"),
        ("0 22-2 * * *", "22-2", "hour: ", "write 22,23,0,1,2"),
        ("0 0 1 NOV-FEB *", "NOV-FEB", "month: ", "write NOV,DEC,JAN,FEB"),
        ("50-10 * * * *", "50-10", "minute: ", "write 50-59,0-10"),
        ("50-10/5 * * * *", "50-10/5", "minute: ", "write 50,55,0,5,10"),
        ("61 * * * *", "61", "minute: 61 is outside 0-59", "from 0 to 59"),
        ("0 24 * * *", "24", "hour: 24 is outside 0-23", "from 0 to 23"),
        ("0 0 0 * *", "0", "day of month: 0 is outside 1-31", "from 1 to 31"),
        ("0 0 1 13 *", "13", "month: 13 is outside 1-12", "from 1 to 12"),
        ("0 0 * * 8", "8", "day of week: 8 is outside 0-7", "from 0 to 7"),
        ("0 0 * * 1-8", "8", "day of week: 8 is outside 0-7", "from 0 to 7"),
        ("0 0 * * Monday", "Monday", '"Monday" is not a name', "write MON"),
        ("0 0 1 juin *", "juin", '"juin" is not a value', "JAN-DEC"),
        ("0 noon * * *", "noon", '"noon" is not a value', "write 0-23"),
        ("-5 * * * *", "", 'a value is missing in "-5"', "remove"),
        ("1,,2 * * * *", "", 'a value is missing in ""', "remove"),
        ("*/0 * * * *", "0", 'the step "0"', "*/5"),
        ("*/ * * * *", "", 'the step ""', "*/5"),
        ("* */x * * *", "x", 'the step "x"', "*/5"),
        ("0 0 31 2 *", "31", 'no month in "2" has a day 31', "write L"),
        ("0 0 30,31 FEB *", "30,31", 'no month in "FEB" has a day 30', "write L"),
        ("0 0 31 4,6,9,11 *", "31", "this never comes", "write L"),
        ("0 0 31 2 */2", "31", "this never comes", "write L"),
        ("0 0 ? * 1", "?", '"?" is not supported', "write *"),
        ("0 0 15W * *", "15W", '"15W" is not supported', "nearest-weekday"),
        ("0 0 LW * *", "LW", '"LW" is not supported', "nearest-weekday"),
        ("0 0 L-3 * *", "L-3", '"L-3" is not supported', "write L"),
        ("0 0 * * 5L", "5L", '"5L" is not supported', "write L5"),
        ("0 0 * * L", "L", '"L" is not supported', "FRIL"),
        ("R * * * *", "R", '"R" is not supported', "write H"),
        ("0 0 2#1 * *", "2#1", '"2#1" is not supported', "MON#2"),
        ("0 0 1 * MON#1", "MON#1", "needs * as day of month", "two cron lines"),
        ("0 0 */2 * FRIL", "FRIL", "needs * as day of month", "two cron lines"),
        ("0 0 * * MON#6", "MON#6", '"6" is not 1 to 5', "MON#2"),
        ("0 0 * * 9#1", "9", "9 is outside 0-7", "from 0 to 7"),
        ("0 0 * * MON#1,FRI", "MON#1,FRI", "mixes", "two cron lines"),
        ("H(40-20) * * * *", "H(40-20)", "runs backward", "write H(20-40)"),
        ("H(0-99) * * * *", "99", "99 is outside 0-59", "from 0 to 59"),
        ("@Daily", "@Daily", '"@Daily" is not a schedule', "write @daily"),
        ("@fortnightly", "@fortnightly", "is not a schedule", "@weekly"),
        ("@daily @weekly", "@daily @weekly", "is not a schedule", "five fields"),
        ("@reboot", "@reboot", "is not a schedule", "write @reboot"),
        ("@EVERY 5m", "@EVERY 5m", "is not a schedule", 'every = "5m"'),
        ("0 0 * * é", "é", "cannot be in a schedule", "ASCII"),
        ("0 0 * * *\n", "\n", "cannot be in a schedule", "one line"),
        ("٣ * * * *", "٣", "cannot be in a schedule", "ASCII"),
    ],
)
def test_a_bad_schedule_is_refused_with_its_place_and_what_to_write(
    text: str, marked: str, message: str, hint: str
) -> None:
    error = refused(text)

    assert message in error.message
    assert hint in error.hint
    if marked:
        assert text[error.start : error.end] == marked


def test_an_empty_schedule_is_refused() -> None:
    assert "five fields, this has 0" in refused("").message
    assert "five fields, this has 0" in refused("   ").message


def test_a_schedule_has_at_most_256_characters() -> None:
    longest = ",".join(["1"] * 124) + " * * * *"

    assert parse_cron(longest.ljust(256)).minute.values == {1}
    assert "257 characters" in refused(longest.ljust(257)).message


@given(
    st.text(max_size=40)
    | st.text(alphabet="0123456789*/,-LHW#?@ SUNMOJAFB()", max_size=40)
    | st.lists(st.text(alphabet="019*/,-L5H#", max_size=6), min_size=5, max_size=5).map(" ".join)
)
@settings(deadline=None, max_examples=1_000)
def test_any_text_is_a_schedule_or_a_schedule_error_inside_it(text: str) -> None:
    try:
        expression = parse_cron(text)
    except ScheduleError as error:
        inside = 0 <= error.start < error.end <= len(text) + 1
    else:
        inside = all(field.values or field.last or field.nth for field in expression.fields)

    assert inside


@given(st.text(max_size=20).map("@every {}".format) | st.text(alphabet="@every 5mdx", max_size=12))
@settings(deadline=None)
def test_any_text_is_another_trigger_or_none_or_an_error(text: str) -> None:
    with contextlib.suppress(ScheduleError):
        trigger = other_trigger(text)
        assert trigger is None or trigger == "start" or trigger.period >= timedelta(seconds=1)


# ── @reboot and @every ───────────────────────────────────────────────────


def test_at_reboot_means_on_start() -> None:
    assert other_trigger(" @reboot ") == "start"


def test_at_every_means_a_period() -> None:
    assert other_trigger("@every 1h30m") == Every(timedelta(minutes=90))


@pytest.mark.parametrize("text", ["0 3 * * *", "@daily", "", "@everyone", "every 5m"])
def test_a_cron_expression_is_no_other_trigger(text: str) -> None:
    assert other_trigger(text) is None


@pytest.mark.parametrize(
    ("text", "marked", "message"),
    [
        ("@every 10x", "10x", '"10x" is not a duration'),
        ("@every 5", "5", "5 has no unit"),
        (" @every  400d ", "400d ", "outside 1s-366d"),
        ("@every 500ms", "500ms", "outside 1s-366d"),
        ("@every 1500ms", "1500ms", "whole seconds"),
        ("@every", "@every", '"" is not a duration'),
    ],
)
def test_a_bad_period_is_refused_with_its_place(text: str, marked: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        other_trigger(text)

    assert message in caught.value.message
    assert text[caught.value.start : caught.value.end] == marked
    assert caught.value.hint


# ── H ────────────────────────────────────────────────────────────────────


def hashed(text: str, job: str) -> CronExpression:
    return parse_cron(text, seed="machine", job=job)


def test_h_is_the_same_for_a_job_in_every_version() -> None:
    assert hashed("H H * * *", "backup").text == "17 3 * * *"
    assert hashed("H/15 H(0-5) H H H", "backup").text == "2-59/15 3 24 10 1"


def test_h_is_another_for_another_job_and_another_machine() -> None:
    texts = {hashed("H H * * *", f"job{n}").text for n in range(50)}
    texts |= {parse_cron("H H * * *", seed=f"m{n}", job="backup").text for n in range(50)}

    assert len(texts) > 90


@given(st.text(max_size=10), st.sampled_from(["H", "H/7", "H(3-20)", "H(3-20)/4", "h/45"]))
@settings(deadline=None)
def test_h_stays_in_its_range(job: str, minute: str) -> None:
    expression = hashed(f"{minute} H H H H", job)

    allowed = range(3, 21) if "(" in minute else range(60)
    assert expression.minute.values <= set(allowed)
    assert expression.day.values <= set(range(1, 29))
    assert expression.month.values <= set(range(1, 13))
    assert expression.weekday.values <= set(range(7))


def test_h_uses_every_minute_of_the_day() -> None:
    times = {
        (min(e.minute.values), min(e.hour.values))
        for e in (hashed("H H * * *", f"job{n}") for n in range(8_000))
    }

    assert len(times) > 1_420


def test_a_resolved_h_reads_back_as_the_same_schedule() -> None:
    first = hashed("H/15 H(0-5),12 H * *", "backup")

    second = parse_cron(first.text)

    assert [field.values for field in first.fields] == [field.values for field in second.fields]
