"""Jobs that run after other jobs: what the end of one run means for those after it.

A chain begins with a run that something else made, and holds the runs that follow from it. In a
chain the turn of a job comes when all that it runs after, as far as the chain reaches them, are
over; and again when one of them was run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from flowcron.domain.graph import followers, in_order, reached
from flowcron.domain.job import After, Condition
from flowcron.domain.run import FAILURES, State

UPSTREAM = "upstream "
"""How the reason of a run begins that was skipped because of what came before it."""

_ENDINGS = {
    State.FAILED: "failed",
    State.TIMED_OUT: "timed out",
    State.LOST: "was lost",
    State.CANCELLED: "was cancelled",
    State.SKIPPED: "was skipped",
    State.MISSED: "was missed",
}


@dataclass(frozen=True, slots=True)
class Link:
    """The newest run of a job in a chain."""

    run: int
    state: State
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ItsTurn:
    """A job whose turn it is: it runs because `upstream` is over, or is skipped for a reason."""

    job: str
    upstream: int
    reason: str | None = None


class _Standing(Enum):
    """How a job stands in a chain."""

    WAITING = auto()
    GOOD = auto()
    BAD = auto()
    OTHER = auto()
    NOT_NEEDED = auto()


def turns(root: str, links: Mapping[str, Link], afters: Mapping[str, After]) -> list[ItsTurn]:
    """Return the jobs whose turn it is now in the chain that began with the job `root`.

    `links` has the newest run of each job in the chain, `afters` what each job runs after. Those
    that follow from a job that is skipped at once come in the next call.
    """
    found: list[ItsTurn] = []
    standings: dict[str, _Standing] = {}
    newest: dict[str, int] = {}
    for job in _in_order(root, afters):
        before = [each for each in _before(job, afters) if each in standings]
        since = max((newest[each] for each in before), default=0)
        link = links.get(job)
        newest[job] = since if link is None else max(since, link.run)
        if link is not None and link.run > since:  # it has run since all before it last did
            standings[job] = _standing_of(link)
            continue
        judged = _judged(afters[job].condition, {standings[each] for each in before})
        standings[job] = _Standing.WAITING
        if judged is _Standing.NOT_NEEDED:
            standings[job] = judged
        elif judged is not _Standing.WAITING:
            reason = _cause(before, links) if judged is _Standing.BAD else None
            found.append(ItsTurn(job, since, reason))
    return found


def downstream(job: str, afters: Mapping[str, After]) -> list[str]:
    """Return the jobs that run after a job, directly or not, each after those before it."""
    return [name for name in _in_order(job, afters) if name != job]


def upstream(job: str, afters: Mapping[str, After]) -> list[str]:
    """Return a job and all that it runs after, directly or not."""
    return list(reached(job, {name: after.jobs for name, after in afters.items()}))


def _judged(condition: Condition, before: set[_Standing]) -> _Standing:
    """Return GOOD for a job that runs, BAD for one that is skipped, WAITING or NOT_NEEDED."""
    if _Standing.WAITING in before:
        return _Standing.WAITING
    match condition:
        case Condition.SUCCESS:
            if before & {_Standing.BAD, _Standing.OTHER}:
                return _Standing.BAD
            return _Standing.NOT_NEEDED if _Standing.NOT_NEEDED in before else _Standing.GOOD
        case Condition.FAILURE:
            return _Standing.GOOD if _Standing.BAD in before else _Standing.NOT_NEEDED
        case Condition.ALWAYS:
            return _Standing.NOT_NEEDED if before == {_Standing.NOT_NEEDED} else _Standing.GOOD
        case _:
            assert_never(condition)


def _cause(before: Iterable[str], links: Mapping[str, Link]) -> str:
    """Return why a job is skipped: what ended badly first, however far before it."""
    for job in before:
        link = links.get(job)
        if link is not None and _standing_of(link) in {_Standing.BAD, _Standing.OTHER}:
            if link.reason is not None and link.reason.startswith(UPSTREAM):
                return link.reason
            return f"{UPSTREAM}{job} {_ENDINGS[link.state]} (run {link.run})"
    raise AssertionError("a job is skipped only for what ended badly before it")


def _standing_of(link: Link) -> _Standing:
    if not link.state.is_final:
        return _Standing.WAITING
    if link.state is State.SUCCESS:
        return _Standing.GOOD
    because_of_upstream = link.reason is not None and link.reason.startswith(UPSTREAM)
    if link.state in FAILURES or (link.state is State.SKIPPED and because_of_upstream):
        return _Standing.BAD
    return _Standing.OTHER


def _before(job: str, afters: Mapping[str, After]) -> tuple[str, ...]:
    return afters[job].jobs if job in afters else ()


def _in_order(root: str, afters: Mapping[str, After]) -> list[str]:
    """Return the root and all that runs after it, each after those before it."""
    members = reached(root, followers({job: after.jobs for job, after in afters.items()}))
    upstreams = {
        job: [each for each in _before(job, afters) if each in members] if job != root else []
        for job in members
    }
    return in_order(upstreams)
