"""Starting runs for a person: through the scheduler or, without one, in this very process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowcron.app.asking import ask, scheduler_pid
from flowcron.cli.context import Session
from flowcron.cli.exitcodes import INTERRUPTED, exit_code
from flowcron.cli.follow import Follower, follow_all, say_end, writer_for
from flowcron.cli.text import Span, width
from flowcron.domain.wish import Wish
from flowcron.errors import NotRunningError

_PATIENCE = 15.0  # seconds within which a scheduler answers


def start(session: Session, wishes: Sequence[Wish], *, detach: bool) -> int:
    """Start runs and follow them; return the exit code of the first that did not go well."""
    if scheduler_pid(session.history_path) is not None:
        return _through_scheduler(session, wishes, detach=detach)
    if detach:
        raise NotRunningError(
            "the scheduler is not running, so nobody could look after a detached run",
            hint="flowcron start · or in the foreground, without --detach",
        )
    from flowcron.cli.foreground import run_here  # noqa: PLC0415 it brings the engine along

    codes = [run_here(session, each) for each in wishes]
    return next(filter(None, codes), 0)


def announce(session: Session, job: str, run: int) -> None:
    """Say that a run has begun."""
    session.note(Span("● ", "running"), Span(job, "strong"), f" · run {run}")


def _through_scheduler(session: Session, wishes: Sequence[Wish], *, detach: bool) -> int:
    runs = [_ask(session, each) for each in wishes]
    for each, run in zip(wishes, runs, strict=True):
        announce(session, each.job, run)
        if detach and not session.is_for_people:
            session.screen.line(str(run))
    if detach:
        session.hint(*(f"flowcron logs -f {run}" for run in runs))
        return 0
    room = max(width(each.job) for each in wishes)
    names = [f"{each.job:<{room}}" if len(wishes) > 1 else "" for each in wishes]
    followers = [
        Follower(session, run, writer_for(session, name=name))
        for name, run in zip(names, runs, strict=True)
    ]
    try:
        ended = follow_all(session, followers)
    except KeyboardInterrupt:
        session.note("left alone: it goes on")
        session.hint(*(f"flowcron logs -f {run}" for run in runs))
        return INTERRUPTED
    for run_row in ended:
        say_end(session, run_row)
    return next(filter(None, map(exit_code, ended)), 0)


def _ask(session: Session, wish: Wish) -> int:
    arguments: dict[str, Any] = {
        "force": wish.force,
        "retries": wish.retries,
        "alone": wish.alone,
    }
    kind = "run" if wish.again is None else "retry"
    about = {"job": wish.job} if wish.again is None else {"run": wish.again}
    answer = ask(session.history_path, kind, patience=_PATIENCE, arguments=arguments | about)
    return int(answer["run"])
