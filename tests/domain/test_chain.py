"""Whose turn it is in a chain: after each end, in the middle, after retries, in any order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcron.domain.chain import UPSTREAM, ItsTurn, Link, downstream, turns
from flowcron.domain.job import After, Condition
from flowcron.domain.run import State

DIAMOND = {"b": After(("a",)), "c": After(("a",)), "d": After(("b", "c"))}
FAILURE, ALWAYS = Condition.FAILURE, Condition.ALWAYS
BAD = (State.FAILED, State.TIMED_OUT, State.LOST)


def ended(run: int, state: State = State.SUCCESS, reason: str | None = None) -> Link:
    return Link(run, state, reason)


def going(run: int) -> Link:
    return Link(run, State.RUNNING)


def upstream(run: int, because: str) -> Link:
    return ended(run, State.SKIPPED, because)


def names(found: list[ItsTurn]) -> list[str]:
    return [each.job for each in found]


def test_both_sides_of_a_diamond_begin_when_its_top_has_ended() -> None:
    assert turns("a", {"a": going(1)}, DIAMOND) == []
    assert turns("a", {"a": ended(1)}, DIAMOND) == [ItsTurn("b", 1), ItsTurn("c", 1)]


@pytest.mark.parametrize("last", ["b", "c"])
def test_the_bottom_of_a_diamond_waits_for_the_last_side(last: str) -> None:
    links = {"a": ended(1), "b": ended(2), "c": ended(3)}

    assert turns("a", links | {last: going(links[last].run)}, DIAMOND) == []
    assert turns("a", links, DIAMOND) == [ItsTurn("d", 3)]
    assert turns("a", links | {"d": going(4)}, DIAMOND) == []
    assert turns("a", links | {"d": ended(4, State.FAILED)}, DIAMOND) == []


@pytest.mark.parametrize("state", BAD)
def test_what_fails_has_those_after_it_skipped_with_the_cause_however_far(state: State) -> None:
    links = {"a": ended(1, state)}
    said = {State.FAILED: "failed", State.TIMED_OUT: "timed out", State.LOST: "was lost"}[state]
    because = f"{UPSTREAM}a {said} (run 1)"

    first = turns("a", links, DIAMOND)
    links |= {"b": upstream(2, because), "c": upstream(3, because)}

    assert first == [ItsTurn("b", 1, because), ItsTurn("c", 1, because)]
    assert turns("a", links, DIAMOND) == [ItsTurn("d", 3, because)]


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (State.CANCELLED, "cancelled by eve", "was cancelled"),
        (State.SKIPPED, "run 7 was still running", "was skipped"),
        (State.MISSED, "the scheduler was down", "was missed"),
    ],
)
def test_what_did_not_run_to_its_end_has_those_after_it_skipped_and_is_no_failure(
    state: State, reason: str, said: str
) -> None:
    afters = {"b": After(("a",)), "mend": After(("a",), FAILURE), "tidy": After(("a",), ALWAYS)}

    found = turns("a", {"a": ended(1, state, reason)}, afters)

    assert found == [ItsTurn("b", 1, f"{UPSTREAM}a {said} (run 1)"), ItsTurn("tidy", 1)]


def test_what_runs_after_a_failure_is_not_needed_after_a_success_nor_what_follows_it() -> None:
    afters = {
        "mend": After(("a",), FAILURE),
        "report": After(("mend",)),
        "tidy": After(("mend",), ALWAYS),
    }

    assert turns("a", {"a": ended(1)}, afters) == []
    assert names(turns("a", {"a": ended(1, State.FAILED)}, afters)) == ["mend"]
    links = {"a": ended(1, State.FAILED), "mend": ended(2)}
    assert names(turns("a", links, afters)) == ["report", "tidy"]


def test_a_join_runs_always_also_where_one_of_two_before_it_was_not_needed() -> None:
    afters = {
        "load": After(("a",)),
        "mend": After(("a",), FAILURE),
        "tidy": After(("load", "mend"), ALWAYS),
        "publish": After(("load", "mend")),
    }
    links = {"a": ended(1), "load": ended(2)}

    assert names(turns("a", links, afters)) == ["tidy"]
    assert turns("a", {"a": ended(1), "load": going(2)}, afters) == []


def test_a_failure_is_met_once_by_whoever_waits_for_any_of_several() -> None:
    afters = DIAMOND | {"mend": After(("b", "c"), FAILURE)}
    links = {"a": ended(1), "b": ended(2, State.FAILED), "c": ended(3)}

    found = turns("a", links, afters)

    assert found == [
        ItsTurn("d", 3, f"{UPSTREAM}b failed (run 2)"),
        ItsTurn("mend", 3),
    ]
    assert turns("a", {"a": ended(1), "b": ended(2), "c": ended(3), "d": going(4)}, afters) == []


def test_a_retried_middle_gives_those_after_it_another_turn_and_nobody_else() -> None:
    because = f"{UPSTREAM}b failed (run 2)"
    links = {"a": ended(1), "b": ended(2, State.FAILED), "c": ended(3), "d": upstream(4, because)}

    assert turns("a", links, DIAMOND) == []
    assert turns("a", links | {"b": going(5)}, DIAMOND) == []
    assert turns("a", links | {"b": ended(5)}, DIAMOND) == [ItsTurn("d", 5)]


def test_a_retried_root_begins_the_whole_chain_again() -> None:
    links = {"a": ended(5), "b": ended(2), "c": ended(3), "d": ended(4)}

    assert names(turns("a", links, DIAMOND)) == ["b", "c"]
    links |= {"b": ended(6)}
    assert names(turns("a", links, DIAMOND)) == ["c"]
    assert names(turns("a", links | {"c": ended(7)}, DIAMOND)) == ["d"]


def test_ways_of_different_length_meet_when_the_longest_is_over() -> None:
    afters = {
        "b": After(("a",)),
        "c": After(("b",)),
        "end": After(("a", "c")),
    }

    assert names(turns("a", {"a": ended(1)}, afters)) == ["b"]
    assert names(turns("a", {"a": ended(1), "b": ended(2)}, afters)) == ["c"]
    assert turns("a", {"a": ended(1), "b": ended(2), "c": ended(3)}, afters) == [ItsTurn("end", 3)]


def test_a_chain_that_begins_in_the_middle_asks_nothing_of_those_before_it() -> None:
    assert turns("b", {"b": ended(9)}, DIAMOND) == [ItsTurn("d", 9)]


def test_downstream_is_told_each_after_those_before_it() -> None:
    assert downstream("a", DIAMOND) == ["b", "c", "d"]
    assert downstream("b", DIAMOND) == ["d"]
    assert downstream("d", DIAMOND) == []
    long = {str(number + 1): After((str(number),)) for number in range(10_000)}
    assert downstream("0", long) == [str(number + 1) for number in range(10_000)]


JOBS = "abcdefgh"


@st.composite
def chains(draw: st.DrawFn) -> dict[str, After]:
    """Return what each of some jobs runs after: any of those before it, all of them behind a."""
    afters = {}
    for number in range(1, draw(st.integers(2, len(JOBS)))):
        ups = draw(st.lists(st.sampled_from(JOBS[:number]), min_size=1, max_size=3, unique=True))
        afters[JOBS[number]] = After(tuple(ups), draw(st.sampled_from(Condition)))
    return dict(draw(st.permutations(list(afters.items()))))


@given(afters=chains(), data=st.data())
def test_a_chain_driven_to_its_end_gives_everybody_one_turn_after_all_before_it(
    afters: dict[str, After], data: st.DataObject
) -> None:
    finals = st.sampled_from([state for state in State if state.is_final])
    links = {"a": ended(1, data.draw(finals))}
    open_jobs: list[str] = []
    had: set[str] = set()

    while True:
        while found := turns("a", links, afters):
            for turn in found:
                assert turn.job not in had
                assert not any(turn.job in afters[late].jobs for late in had)
                had.add(turn.job)
                before = [links[up] for up in afters[turn.job].jobs if up in links]
                assert all(link.state.is_final for link in before)
                assert turn.upstream >= max(link.run for link in before)
                assert any(link.run == turn.upstream for link in links.values())
                run = max(link.run for link in links.values()) + 1
                skipped = turn.reason is not None
                links[turn.job] = upstream(run, turn.reason or "") if skipped else going(run)
                open_jobs += [] if skipped else [turn.job]
        if not open_jobs:
            break
        job = open_jobs.pop(data.draw(st.integers(0, len(open_jobs) - 1)))
        links[job] = ended(links[job].run, data.draw(finals))

    for job, after in afters.items():
        if job not in had:  # not needed: only where no success was asked of somebody who ran
            ran = [links[up] for up in after.jobs if up in links]
            assert after.condition is FAILURE or not ran or len(ran) < len(after.jobs)
            assert after.condition is not ALWAYS or not ran
