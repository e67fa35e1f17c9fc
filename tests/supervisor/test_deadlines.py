"""What is due when."""

from __future__ import annotations

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.supervisor.deadlines import Deadlines


@settings(deadline=None)
@given(plan=st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=300))
def test_what_was_not_cancelled_is_called_once_in_order(plan: list[tuple[int, bool]]) -> None:
    called: list[int] = []
    deadlines = Deadlines()
    made = [
        (deadlines.add(when, partial(called.append, when)), cancelled) for when, cancelled in plan
    ]

    for deadline, cancelled in made:
        if cancelled:
            deadlines.cancel(deadline)
            deadlines.cancel(deadline)
    for now in range(0, 101, 10):
        deadlines.call_due(now)
        assert all(when <= now for when in called)

    expected = sorted(when for when, cancelled in plan if not cancelled)
    assert called == expected
    assert deadlines.wait(0.0) is None


def test_the_wait_is_until_the_next_one() -> None:
    deadlines = Deadlines()
    deadlines.add(12.5, lambda: None)
    deadlines.add(99.0, lambda: None)

    assert deadlines.wait(10.0) == 2.5
    assert deadlines.wait(20.0) == 0.0


def test_cancelled_ones_do_not_pile_up() -> None:
    deadlines = Deadlines()

    for number in range(10_000):
        deadlines.cancel(deadlines.add(1e9 + number, lambda: None))

    assert len(deadlines._heap) < 200
