"""Jobs that could never get their turn: those that wait for each other, or for strangers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_, or_

from flowcron.domain.graph import in_order, knots


def cycles(upstreams: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return circles of jobs that wait for each other: of each knot a shortest, from its first job.

    `upstreams` has the names of what each job runs after; unknown names do no harm. A circle is
    in the order of running: each job runs after the one before it, and the first after the last.
    """
    known = _known(upstreams)
    found = []
    for knot in knots(known):
        tied = set(knot)
        within = {job: [each for each in known[job] if each in tied] for job in knot}
        found.append(_circle(knot[0], within))
    return found


def unrelated(upstreams: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the jobs that run after jobs without a common beginning: no chain has them all.

    Whether those in circles, and what runs after them, would ever meet is not asked.
    """
    known = _known(upstreams)
    beginnings: dict[str, int] = {}  # a bit for each job with nothing before it: small, also for
    roots = 0  # ten thousand jobs with as many beginnings
    found = []
    for job in in_order(known):
        before = [beginnings[each] for each in known[job]]
        if not before:
            before = [1 << roots]
            roots += 1
        elif not reduce(and_, before):
            found.append(job)
        beginnings[job] = reduce(or_, before)
    return found


def _known(upstreams: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {
        job: [each for each in dict.fromkeys(ups) if each in upstreams]
        for job, ups in upstreams.items()
    }


def _circle(first: str, upstreams: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return a shortest way from a job through what is before it back to itself."""
    towards: dict[str, str] = {}  # the next job on the way back to the first
    left = [first]
    for job in left:
        for each in upstreams[job]:
            if each == first:
                way = [job]
                while way[-1] != first:
                    way.append(towards[way[-1]])
                return (first, *way[:-1])
            if each not in towards:
                towards[each] = job
                left.append(each)
    raise AssertionError(f"{first} is in no circle")
