from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.instant import SECOND, Instant, instant, micros, moment
from flowcron.domain.job import Cron, Every, Missed, Timed
from flowcron.domain.planner import (
    MOST_ROWS,
    Decision,
    Plan,
    lateness_allowed,
    next_time,
    plan,
    plan_unknown,
)
from flowcron.domain.run import State, Trigger
from flowcron.domain.schedule import Schedule, schedule_of

DAILY = Cron("0 3 * * *", "UTC")
QUARTERLY = Cron("*/15 * * * *", "UTC")
HALF_MINUTE = Every(timedelta(seconds=30))


def at(text: str, zone: str = "UTC") -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def schedules(*whens: Timed) -> tuple[Schedule, ...]:
    return tuple(schedule_of(when) for when in whens)


def planned(
    *whens: Timed,
    since: str | None,
    now: str,
    missed: Missed | None = None,
    within: timedelta | None = None,
) -> Plan:
    cursor = None if since is None else at(since)
    return plan(schedules(*whens), cursor=cursor, now=at(now), missed=missed, missed_within=within)


def told(decisions: Sequence[Decision]) -> list[str]:
    """Return decisions in a few words: "01T03:00 queued catch-up 3"."""
    return [
        " ".join(
            [
                f"{moment(one.scheduled_at):%dT%H:%M:%S}".removesuffix(":00"),
                one.state,
                *([one.trigger] if one.state is State.QUEUED else []),
                *([str(one.covers)] if one.covers is not None else []),
            ]
        )
        for one in decisions
    ]


def test_a_time_that_has_come_is_started() -> None:
    found = planned(DAILY, since="2027-06-01T02:59", now="2027-06-01T03:00")

    assert found == Plan((Decision(at("2027-06-01T03:00"), State.QUEUED),), at("2027-06-01T03:00"))
    assert found.decisions[0].trigger is Trigger.SCHEDULE


def test_nothing_is_due_before_its_time() -> None:
    found = planned(DAILY, since="2027-06-01T02:00", now="2027-06-01T02:59:59")

    assert found == Plan((), at("2027-06-01T02:59:59"))


def test_a_decided_time_is_not_decided_again() -> None:
    assert planned(DAILY, since="2027-06-01T03:00", now="2027-06-01T03:00:30").decisions == ()


def test_a_job_seen_for_the_first_time_has_missed_nothing() -> None:
    found = planned(DAILY, since=None, now="2027-06-01T03:00:10")

    assert found == Plan((), at("2027-06-01T03:00:10"))


def test_a_cursor_in_the_future_waits_for_the_clock() -> None:
    found = planned(QUARTERLY, since="2027-06-01T03:00", now="2027-06-01T02:00")

    assert found == Plan((), at("2027-06-01T03:00"))


def test_a_minute_late_is_on_time_and_more_is_missed() -> None:
    on_time = planned(DAILY, since="2027-06-01T00:00", now="2027-06-01T03:01:00")
    late = planned(DAILY, since="2027-06-01T00:00", now="2027-06-01T03:01:01")

    assert told(on_time.decisions) == ["01T03:00 queued schedule"]
    assert told(late.decisions) == ["01T03:00 queued catch-up"]


def test_a_period_below_a_minute_is_late_after_its_period() -> None:
    found = planned(HALF_MINUTE, since="2027-06-01T03:00", now="2027-06-01T03:01:10")

    assert told(found.decisions) == ["01T03:00:30 missed", "01T03:01 queued schedule"]


def test_once_runs_the_latest_missed_time_and_records_the_others() -> None:
    found = planned(DAILY, since="2027-06-01T04:00", now="2027-06-04T05:00")

    assert told(found.decisions) == [
        "02T03:00 missed",
        "03T03:00 missed",
        "04T03:00 queued catch-up 3",
    ]
    assert found.decisions[0].reason == "a later time ran in its place"


def test_all_runs_each_missed_time_in_order() -> None:
    found = planned(DAILY, since="2027-06-01T04:00", now="2027-06-03T05:00", missed=Missed.ALL)

    assert told(found.decisions) == ["02T03:00 queued catch-up", "03T03:00 queued catch-up"]


def test_skip_records_each_missed_time() -> None:
    found = planned(DAILY, since="2027-06-01T04:00", now="2027-06-03T05:00", missed=Missed.SKIP)

    assert told(found.decisions) == ["02T03:00 missed", "03T03:00 missed"]
    assert {one.reason for one in found.decisions} == {'missed = "skip"'}


@pytest.mark.parametrize(
    ("whens", "made_up"),
    [
        ((DAILY,), True),
        ((Cron("0-59 0-23 * * *", "UTC"),), True),
        ((Cron("@hourly", "UTC"),), True),
        ((QUARTERLY,), False),
        ((Cron("0 * * * *", "UTC"),), False),
        ((Every(timedelta(hours=1)),), False),
        ((QUARTERLY, DAILY), True),
    ],
)
def test_fixed_times_are_made_up_by_default_and_wildcards_and_periods_are_not(
    whens: tuple[Timed, ...], made_up: bool
) -> None:
    found = planned(*whens, since="2027-06-01T00:00", now="2027-06-01T05:10:30")

    triggers = {one.trigger for one in found.decisions}
    assert (Trigger.CATCH_UP in triggers) is made_up


def test_what_is_older_than_missed_within_is_not_made_up() -> None:
    found = planned(
        DAILY,
        since="2027-06-01T04:00",
        now="2027-06-04T05:00",
        missed=Missed.ALL,
        within=timedelta(days=1, hours=2),
    )

    assert told(found.decisions) == [
        "02T03:00 missed",
        "03T03:00 queued catch-up",
        "04T03:00 queued catch-up",
    ]
    assert found.decisions[0].reason == "older than missed_within"


def test_once_makes_up_nothing_when_all_of_it_is_too_old() -> None:
    found = planned(
        DAILY, since="2027-06-01T04:00", now="2027-06-03T05:00", within=timedelta(hours=1)
    )

    assert told(found.decisions) == ["02T03:00 missed", "03T03:00 missed"]


def test_a_missed_time_and_one_that_is_due_now_are_both_decided() -> None:
    found = planned(DAILY, since="2027-06-01T04:00", now="2027-06-03T03:00:05")

    assert told(found.decisions) == ["02T03:00 queued catch-up", "03T03:00 queued schedule"]


# ── several lines for one job ────────────────────────────────────────────


def test_an_instant_in_two_lines_of_a_job_is_one_run() -> None:
    found = planned(
        DAILY,
        Cron("0 3,15 * * *", "UTC"),
        since="2027-06-01T00:00",
        now="2027-06-01T03:00:01",
    )

    assert told(found.decisions) == ["01T03:00 queued schedule"]


def test_the_times_of_several_lines_are_in_order() -> None:
    lines = (Cron("0 12 * * *", "UTC"), Cron("0 9 * * *", "Europe/Berlin"))

    found = planned(*lines, since="2027-06-01T00:00", now="2027-06-02T11:00", missed=Missed.ALL)

    assert [text[:8] for text in told(found.decisions)] == ["01T07:00", "01T12:00", "02T07:00"]


def test_the_next_time_of_a_job_is_that_of_its_first_line_to_come() -> None:
    lines = schedules(DAILY, QUARTERLY)

    assert next_time(lines, at("2027-06-01T02:50")) == at("2027-06-01T03:00")
    assert next_time(lines, at("2027-06-01T03:00")) == at("2027-06-01T03:15")
    assert next_time((), at("2027-06-01T03:00")) is None


def test_a_time_may_be_late_by_its_interval_and_at_most_a_minute() -> None:
    assert lateness_allowed(schedules(DAILY), at("2027-06-01T03:00")) == 60 * SECOND
    assert lateness_allowed(schedules(HALF_MINUTE), at("2027-06-01T03:00")) == 30 * SECOND
    assert lateness_allowed((), at("2027-06-01T03:00")) == 60 * SECOND


# ── long downtimes ───────────────────────────────────────────────────────


def test_a_thousand_missed_times_have_a_row_each() -> None:
    minutely = Cron("* * * * *", "UTC")
    first = at("2027-06-01T00:00")
    now = Instant(first + (MOST_ROWS + 2) * 60 * SECOND - 1)

    found = plan(schedules(minutely), cursor=first, now=now)

    missed = [one for one in found.decisions if one.state is State.MISSED]
    assert len(missed) == MOST_ROWS
    assert len(found.decisions) == MOST_ROWS + 1
    assert {one.covers for one in missed} == {None}


@pytest.mark.parametrize("beyond", [1, 2, 3, 4, 5])
def test_more_than_a_thousand_missed_times_are_one_row(beyond: int) -> None:
    second = schedules(Every(timedelta(seconds=1)))
    first = at("2027-06-01T00:00")
    now = Instant(first + (MOST_ROWS + 1 + beyond) * SECOND + 1)

    found = plan(second, cursor=first, now=now)

    assert [one.covers for one in found.decisions] == [MOST_ROWS + beyond, None]
    assert [one.state for one in found.decisions] == [State.MISSED, State.QUEUED]


def test_ten_years_of_seconds_are_counted_without_counting() -> None:
    found = planned(
        Every(timedelta(seconds=1)), since="2027-06-01T00:00", now="2037-06-01T00:00:00.5"
    )

    assert told(found.decisions) == ["31T23:59:59 missed 315619199", "01T00:00 queued schedule"]


@pytest.mark.parametrize("missed", [Missed.ONCE, Missed.ALL])
def test_ten_years_of_minutes_are_made_up_by_one_run(missed: Missed) -> None:
    found = planned(
        Cron("* * * * *", "UTC"), since="2027-06-01T00:00", now="2037-06-01T00:01:30", missed=missed
    )

    assert told(found.decisions) == ["01T00:00 queued catch-up", "01T00:01 queued schedule"]
    assert found.decisions[0].reason == "stands for 1,000+ missed times"


def test_a_long_downtime_is_only_recorded_when_its_end_is_too_old() -> None:
    found = planned(
        Cron("* 3 * * *", "UTC"),
        since="2027-06-01T04:00",
        now="2037-06-01T12:00",
        missed=Missed.ONCE,
        within=timedelta(hours=1),
    )

    assert told(found.decisions) == ["01T03:59 missed"]


# ── promises ─────────────────────────────────────────────────────────────

WHENS = st.sampled_from(
    [
        DAILY,
        QUARTERLY,
        HALF_MINUTE,
        Cron("30 2 * * *", "Europe/Berlin"),
        Cron("*/7 2 * * *", "Europe/Berlin"),
        Every(timedelta(minutes=7)),
        Every(timedelta(seconds=1)),
    ]
)
SPANS = st.integers(0, 900 * SECOND) | st.integers(0, micros(timedelta(days=9)))


@given(
    st.lists(WHENS, min_size=1, max_size=3),
    st.integers(at("2027-03-20"), at("2027-11-10")).map(Instant),
    SPANS,
    st.none() | st.sampled_from(Missed),
    st.none() | st.timedeltas(timedelta(), timedelta(days=3)),
)
@settings(deadline=None, max_examples=300)
def test_every_time_up_to_now_is_decided_once_and_in_order(
    whens: list[Timed],
    cursor: Instant,
    span: int,
    missed: Missed | None,
    within: timedelta | None,
) -> None:
    lines, now = schedules(*whens), Instant(cursor + span)

    found = plan(lines, cursor=cursor, now=now, missed=missed, missed_within=within)

    decided = [one.scheduled_at for one in found.decisions]
    due: list[Instant] = []
    following = next_time(lines, cursor)
    while following is not None and following <= now and len(due) < MOST_ROWS + 10:
        due.append(following)
        following = next_time(lines, following)
    catch_ups = [one for one in found.decisions if one.trigger is Trigger.CATCH_UP]
    assert found.decided_through == now
    assert decided == sorted(set(decided))
    assert decided == due or (len(due) > MOST_ROWS and len(decided) <= 3)
    assert missed is not Missed.SKIP or not catch_ups
    assert missed is not Missed.ONCE or len(catch_ups) <= 1
    assert within is None or all(now - one.scheduled_at <= micros(within) for one in catch_ups)


@given(
    st.lists(WHENS, min_size=1, max_size=2),
    st.integers(at("2027-03-20"), at("2027-11-10")).map(Instant),
    st.lists(st.integers(0, 40 * SECOND), min_size=1, max_size=40),
)
@settings(deadline=None, max_examples=150)
def test_it_does_not_matter_how_often_a_running_scheduler_asks(
    whens: list[Timed], first: Instant, waits: list[int]
) -> None:
    lines, cursor, found = schedules(*whens), first, []

    for wait in waits:
        answer = plan(lines, cursor=cursor, now=Instant(cursor + wait))
        found += [one.scheduled_at for one in answer.decisions]
        cursor = answer.decided_through

    whole = plan(lines, cursor=first, now=cursor)
    assert len(found) > MOST_ROWS or found == [one.scheduled_at for one in whole.decisions]
    assert found == sorted(set(found))


@given(
    st.lists(WHENS, min_size=1, max_size=2),
    st.integers(at("2027-03-20"), at("2027-11-10")).map(Instant),
    st.integers(0, micros(timedelta(days=40))),
)
@settings(deadline=None, max_examples=150)
def test_times_of_which_nobody_knows_are_one_row_that_starts_nothing(
    whens: list[Timed], cursor: Instant, length: int
) -> None:
    lines, now = schedules(*whens), Instant(cursor + length)
    due: list[Instant] = []
    following = next_time(lines, cursor)
    while following is not None and following <= now:
        due.append(following)
        following = next_time(lines, following)

    found = plan_unknown(lines, cursor=cursor, now=now)

    assert found.decided_through == now
    assert [one.state for one in found.decisions] == [State.LOST] * bool(due)
    for row in found.decisions:
        assert row.scheduled_at == due[-1]
        assert row.covers in {None, len(due)}
        assert row.covers is not None or len(due) == 1 or len(due) > MOST_ROWS


def test_of_nothing_nobody_knows_nothing() -> None:
    now = at("2027-06-01T03:00")

    assert plan_unknown(schedules(DAILY), cursor=None, now=now) == Plan((), now)
    assert plan_unknown(schedules(DAILY), cursor=Instant(now + 1), now=now) == Plan(
        (), Instant(now + 1)
    )
