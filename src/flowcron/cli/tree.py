"""Jobs that run after others, below the job that their chain begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowcron.cli.jobs import JobView
from flowcron.domain.chain import downstream
from flowcron.domain.job import Job


class Branch(NamedTuple):
    """A job, and what stands in front of its name."""

    view: JobView
    front: str = ""


def as_tree(views: Sequence[JobView], jobs: Iterable[Job]) -> list[Branch]:
    """Return the jobs in their order, each chain as one level below its beginning.

    A job after several others stands once, below the last of them. `jobs` are all there are: what
    is between two jobs of a chain need not be shown, and where its beginning is not, a job stands
    for itself.
    """
    shown = {view.job.name: view for view in views}
    afters = {job.name: job.after for job in jobs if job.after is not None}
    below: dict[str, list[JobView]] = {}
    placed: set[str] = set()
    for name in shown:
        if name not in afters:
            chain = [each for each in downstream(name, afters) if each in shown]
            below[name] = [shown[each] for each in chain if each not in placed]
            placed.update(chain)
    tree: list[Branch] = []
    for view in views:
        name = view.job.name
        if name not in placed:
            tree.append(Branch(view))
            rest = below.get(name, [])
            tree += [Branch(each, "├─ ") for each in rest[:-1]]
            tree += [Branch(each, "└─ ") for each in rest[-1:]]
    return tree
