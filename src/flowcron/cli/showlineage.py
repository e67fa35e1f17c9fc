"""What a run has to do with others: the one before it, its chain, and what did it again."""

from __future__ import annotations

from collections.abc import Iterable

from flowcron.cli.context import Session, since
from flowcron.cli.facts import fact
from flowcron.cli.text import Line, Span
from flowcron.cli.words import SYMBOLS
from flowcron.domain.times import coarse
from flowcron.history.lineage import followers, retries_of
from flowcron.history.query import RunRow, previous_run, runs_numbered


def write_lineage(session: Session, run: RunRow) -> None:
    """Write which runs are related to a run, and how."""
    history = session.history
    related = {
        "after": _numbered(session, run.upstream),
        "then": followers(history, run),
        "retry of": _numbered(session, run.retry_of),
        "retried by": retries_of(history, run),
    }
    before = previous_run(history, run)
    if before is None and not any(related.values()):
        return
    session.screen.line()
    if before is not None:
        when = f" {coarse(since(before.at, run.at))} before (run {before.id})"
        fact(session.screen, "before", (SYMBOLS[before.state], Span(f" {before.state}{when}")))
    for name, runs in related.items():
        fact(session.screen, name, *_each(runs, but=run.job), _beginning(run, name))


def _numbered(session: Session, run: int | None) -> list[RunRow]:
    return [] if run is None else runs_numbered(session.history, (run,))


def _each(runs: Iterable[RunRow], *, but: str) -> list[Line]:
    """Return a run as "✓ extract 1482"; the name of the job `but` goes without saying."""
    return [
        (SYMBOLS[run.state], Span(f" {'run' if run.job == but else run.job} {run.id}"))
        for run in runs
    ]


def _beginning(run: RunRow, name: str) -> str | None:
    """Return where the chain of a run began, where that is not just before it."""
    if name != "after" or run.chain in {None, run.upstream}:
        return None
    return f"in the chain of run {run.chain}"
