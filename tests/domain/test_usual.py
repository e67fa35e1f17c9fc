"""What is usual among lengths of time."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from flowcron.domain.usual import percentile, usual_of

LENGTHS = st.lists(st.timedeltas(timedelta(), timedelta(days=9)), min_size=1, max_size=60)


def seconds(*numbers: float) -> list[timedelta]:
    return [timedelta(seconds=number) for number in numbers]


def test_nothing_is_usual_before_the_first_success() -> None:
    assert usual_of([]) is None


def test_half_of_the_runs_took_no_longer_than_the_median() -> None:
    assert usual_of(seconds(30, 10, 20)) == tuple(seconds(20, 30, 30))
    assert usual_of(seconds(*range(1, 101))) == tuple(seconds(50, 95, 100))


def test_one_run_is_all_there_is_to_know() -> None:
    assert usual_of(seconds(7)) == tuple(seconds(7, 7, 7))


@given(LENGTHS, st.integers(1, 100))
def test_so_many_per_cent_do_not_exceed_a_percentile_and_fewer_anything_shorter(
    lengths: list[timedelta], percent: int
) -> None:
    found = percentile(lengths, percent)

    assert found in lengths
    assert 100 * sum(length <= found for length in lengths) >= percent * len(lengths)
    assert 100 * sum(length < found for length in lengths) < percent * len(lengths)
