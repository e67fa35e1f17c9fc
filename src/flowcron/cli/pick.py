"""The jobs and runs that people name: globs, run numbers, `backup~1`, `@last`, `@failed`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from flowcron.domain.names import did_you_mean
from flowcron.domain.run import State
from flowcron.errors import NotFoundError
from flowcron.history.database import Connection
from flowcron.history.known import job_names
from flowcron.history.query import RunRow, Wanted, newest_of, run_numbered, runs

_GLOB = frozenset("*?[")
_EARLIER = re.compile(r"(.+)~([0-9]{1,9})")
_LARGEST_ID = 2**63 - 1


def pick_jobs(selectors: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the names that the selectors mean, in the order of `known`.

    Raises NotFoundError for a name or a glob that means no job.
    """
    names = list(known)
    picked: set[str] = set()
    for selector in selectors:
        found = [name for name in names if _means(selector, name)]
        if not found:
            raise no_such_job(selector, names)
        picked.update(found)
    return tuple(name for name in names if name in picked)


def pick_run(connection: Connection, selector: str) -> RunRow:
    """Return the run that a selector means; raises NotFoundError when there is none."""
    if selector.isdecimal():
        return _existing(run_numbered(connection, min(int(selector), _LARGEST_ID)), selector)
    if selector == "@last":
        return _only(runs(connection, Wanted(limit=1)), "there is no run yet")
    if selector == "@failed":
        wanted = Wanted(states=(State.FAILED, State.TIMED_OUT), limit=1)
        return _only(runs(connection, wanted), "no run has failed yet")
    return _run_of_job(connection, selector)


def is_run(selector: str) -> bool:
    """Return whether a selector means one run, whatever the jobs are called."""
    return selector.isdecimal() or selector.startswith("@") or bool(_EARLIER.fullmatch(selector))


def no_such_job(name: str, known: Sequence[str]) -> NotFoundError:
    """Return the error for a name that no job has."""
    if is_run(name):
        return NotFoundError(
            f'"{name}" is a run and no job', hint=f"flowcron show {name} · flowcron logs {name}"
        )
    hint = did_you_mean(name, known) or "flowcron list   names all jobs"
    return NotFoundError(f'there is no job "{name}"', hint=hint)


def _means(selector: str, name: str) -> bool:
    return fnmatchcase(name, selector) if _GLOB.intersection(selector) else name == selector


def _run_of_job(connection: Connection, selector: str) -> RunRow:
    match = _EARLIER.fullmatch(selector)
    job, back = (match[1], int(match[2])) if match else (selector, 0)
    names = job_names(connection)
    if job not in names:
        raise no_such_job(job, names)
    found = newest_of(connection, job, back + 1)
    if not found:
        raise NotFoundError(f'"{job}" has not run yet', hint=f"flowcron run {job}")
    if len(found) <= back:
        many = "1 run" if len(found) == 1 else f"{len(found)} runs"
        raise NotFoundError(f'"{job}" has only {many}', hint=f"flowcron history {job}")
    return found[back]


def _existing(run: RunRow | None, selector: str) -> RunRow:
    if run is None:
        raise NotFoundError(f"there is no run {selector}", hint="flowcron history   lists the runs")
    return run


def _only(found: list[RunRow], message: str) -> RunRow:
    if not found:
        raise NotFoundError(message, hint="flowcron history   lists the runs")
    return found[0]
