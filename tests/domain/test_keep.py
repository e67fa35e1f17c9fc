"""Which runs are kept."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from fakes import NOON, after
from flowcron.domain.job import Keep
from flowcron.domain.keep import NEWEST, Keeps, Limit, Past, before, parted
from flowcron.domain.run import FAILURES, State

DAYS_90 = Keep(age=timedelta(days=90))
STATES = st.lists(st.sampled_from(State), max_size=60)
LAST_KINDS = (frozenset({State.SUCCESS}), FAILURES)


def pasts(*states: State) -> list[Past]:
    """Return runs numbered from 1 on, one a second."""
    return [Past(n, state, after(n)) for n, state in enumerate(states, start=1)]


def test_a_job_that_says_nothing_keeps_what_the_file_says() -> None:
    keeps = Keeps(DAYS_90, {"ping": Keep(runs=500)})

    assert keeps.of_job("backup") == DAYS_90
    assert keeps.of_job("ping") == Keep(runs=500)


def test_one_age_decides_only_where_every_job_has_it() -> None:
    year = Keep(age=timedelta(days=365))

    assert Keeps(DAYS_90).age == DAYS_90.age
    assert Keeps(DAYS_90, {"a": DAYS_90}).age == DAYS_90.age
    assert Keeps(DAYS_90, {"a": year}).age is None
    assert Keeps(DAYS_90, {"a": Keep(DAYS_90.age, runs=5)}).age is None
    assert Keeps(Keep(runs=5)).age is None


def test_what_is_not_about_a_job_stays_as_long_as_the_runs_it_explains() -> None:
    assert Keeps(DAYS_90, {"a": Keep(age=timedelta(days=365))}).longest == timedelta(days=365)
    assert Keeps(Keep(runs=5)).longest == timedelta(days=90)


def test_a_run_is_too_old_or_one_too_many_and_either_is_enough() -> None:
    old, few = Limit(after(5), None, newest=99), Limit(None, 7, newest=99)
    both = Limit(after(5), 7, newest=99)
    runs = pasts(*[State.SUCCESS] * 9)

    assert [past.run for past in runs if old.is_passed(past)] == [1, 2, 3, 4]
    assert [past.run for past in runs if few.is_passed(past)] == [1, 2, 3, 4, 5, 6]
    assert [past.run for past in runs if both.is_passed(past)] == [1, 2, 3, 4, 5, 6]


def test_the_newest_runs_stay_whatever_is_said() -> None:
    limit = Limit(after(99), 99, newest=3)

    assert [past.run for past in pasts(*[State.FAILED] * 5) if limit.is_passed(past)] == [1, 2]
    assert NEWEST == 10


def test_an_age_counts_back_from_now() -> None:
    assert before(Keep(age=timedelta(seconds=5)), after(5)) == NOON
    assert before(Keep(runs=5), NOON) is None


def test_the_last_success_and_the_last_failure_stay_until_there_are_newer_ones() -> None:
    runs = pasts(State.SUCCESS, State.LOST, State.SUCCESS, State.TIMED_OUT, State.SKIPPED)

    gone, held = parted(runs, Limit(after(99), None, newest=99))

    assert [past.run for past in gone] == [1, 2, 5]
    assert [past.run for past in held] == [3, 4]
    assert parted(runs, Limit(after(99), None, newest=99, success=90, failure=91)) == (runs, [])


@given(STATES, STATES, st.integers(1, 7))
def test_however_it_is_done_in_pieces_exactly_the_last_of_each_kind_stays(
    old: list[State], newer: list[State], piece: int
) -> None:
    runs = pasts(*old, *newer)
    passed, rest = runs[: len(old)], runs[len(old) :]
    success, failure = (
        next((past.run for past in reversed(rest) if past.state in kind), None)
        for kind in LAST_KINDS
    )
    limit = Limit(after(len(old) + 0.5), None, newest=999, success=success, failure=failure)

    gone: list[Past] = []
    held: list[Past] = []
    for start in range(0, len(passed), piece):
        some, held = parted([*held, *passed[start : start + piece]], limit)
        gone += some

    left = [past for past in runs if past not in gone]
    for kind in LAST_KINDS:
        last = next((past for past in reversed(runs) if past.state in kind), None)
        assert last is None or last in left
        assert sum(past.state in kind for past in held) <= 1
    assert all(past.state.is_final for past in gone)
    assert {past.state for past in passed if past in left} <= {
        State.SUCCESS,
        *FAILURES,
        State.QUEUED,
        State.RUNNING,
        State.RETRYING,
    }
