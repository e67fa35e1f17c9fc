"""Circles of jobs, and jobs that never meet: against a search that tries everything."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flowcron.domain.knots import cycles, unrelated

NAMES = "abcdefgh"
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)
)
ACYCLIC = st.lists(st.integers(0, 2**8 - 1), max_size=8).map(
    lambda masks: {
        name: tuple(NAMES[bit] for bit in range(number) if mask >> bit & 1)
        for number, (name, mask) in enumerate(zip(NAMES, masks, strict=False))
    }
)
Graph = dict[str, tuple[str, ...]]


def before(job: str, graph: Graph) -> set[str]:
    """Return all that must end before a job, found by going on until nothing is new."""
    found: set[str] = set()
    new = {each for each in graph.get(job, ()) if each in graph}
    while new:
        found |= new
        new = {up for each in new for up in graph[each] if up in graph} - found
    return found


def knots(graph: Graph) -> set[frozenset[str]]:
    """Return the groups of jobs that are before each other."""
    behind = {job: before(job, graph) for job in graph}
    tied = [job for job in graph if job in behind[job]]
    return {frozenset(other for other in behind[job] if job in behind[other]) for job in tied}


@given(graph=GRAPHS)
def test_every_circle_is_one_and_every_knot_is_told_once_from_its_first_job(graph: Graph) -> None:
    found = cycles(graph)

    for circle in found:
        assert len(set(circle)) == len(circle)
        assert all(early in graph[late] for early, late in pairwise((*circle, circle[0])))
        (knot,) = [knot for knot in knots(graph) if knot.issuperset(circle)]
        assert circle[0] == next(job for job in graph if job in knot)
    assert len(found) == len(knots(graph))


@given(graph=ACYCLIC)
def test_where_nothing_waits_for_itself_there_is_no_circle(graph: Graph) -> None:
    assert cycles(graph) == []


@given(graph=ACYCLIC)
def test_jobs_without_a_common_beginning_are_the_ones_whose_upstreams_share_nothing(
    graph: Graph,
) -> None:
    def apart(job: str) -> bool:
        ups = [before(up, graph) | {up} for up in graph[job]]
        return len(ups) > 1 and not set.intersection(*ups)

    assert sorted(unrelated(graph)) == sorted(filter(apart, graph))


def test_a_shortest_circle_is_told_in_the_order_of_running() -> None:
    graph = {"d": ("c",), "a": ("c", "d"), "b": ("a",), "c": ("b",)}

    assert cycles(graph) == [("d", "a", "b", "c")]
    assert cycles(graph | {"c": ("a",)}) == [("d", "a", "c")]


def test_ten_thousand_jobs_in_a_line_in_a_circle_and_behind_one_are_judged_at_once() -> None:
    many = [str(number) for number in range(10_000)]
    line = {late: (early,) for early, late in pairwise(many)} | {many[0]: ()}
    circle = line | {many[0]: (many[-1],)}
    behind = dict(reversed(line.items())) | {many[0]: (many[1],)}
    roots = {f"r{name}": () for name in many} | {many[0]: ("r0",)}
    strangers = roots | {late: (early, f"r{late}") for early, late in pairwise(many)}
    began = time.perf_counter()

    assert cycles(line) == []
    assert unrelated(line) == []
    assert len(cycles(circle)[0]) == 10_000
    assert cycles(behind) == [(many[0], many[1])]
    assert len(unrelated(strangers)) == 9_999
    assert time.perf_counter() - began < 5  # 0.2 s where nothing else runs
