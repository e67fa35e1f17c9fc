"""The history: it can be read, it is whole, and nothing has happened to it lately."""

from __future__ import annotations

from collections.abc import Iterator

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.app.trouble import explained
from flowcron.domain.instant import moment
from flowcron.domain.size import human_size
from flowcron.errors import FlowcronError
from flowcron.history.database import Connection, DatabaseTrouble
from flowcron.history.vitals import Vitals, vitals_of
from flowcron.history.warnings import warnings

_LARGE_WAL = 100_000_000  # bytes; SQLite empties it after some 4 MB unless a reader is in the way


def database(case: Case) -> Iterator[Finding]:
    """Check that the history can be read, is whole, and that nothing happened to it lately."""
    match case.opened:
        case FlowcronError() as error:
            yield problem(error.message, where=case.history_path, fix=error.hint)
        case connection if case.history_path.exists():
            yield from _about(connection, case)
        case _:
            yield well("there is no history yet", case.history_path)


def judge(vitals: Vitals, case: Case) -> Finding:
    """Return what there is to say about how a history is."""
    path = case.history_path
    if vitals.damage is not None:
        return problem(
            f"the history is damaged: {vitals.damage}",
            where=path,
            fix="restart the scheduler: it keeps what is there and restores the newest backup",
        )
    if vitals.journal != "wal":
        return problem(
            f'the history has journal mode "{vitals.journal}": readers keep the scheduler waiting',
            where=path,
            fix=f'stop the scheduler, then: sqlite3 {path} "PRAGMA journal_mode = WAL"',
        )
    if vitals.wal > _LARGE_WAL:
        return warning(
            f"{human_size(vitals.wal)} of the history wait to be moved into its file: somebody "
            "has been reading for a long time",
            where=f"{path}-wal",
            fix=f"fuser -v {path}   lists who has it open",
        )
    free = f", {human_size(vitals.free)} of it free" if vitals.free else ""
    runs = "1 run" if vitals.runs == 1 else f"{vitals.runs} runs"
    return well(f"database: integrity ok, WAL, {human_size(vitals.size)}{free}, {runs}", path)


def _about(connection: Connection, case: Case) -> Iterator[Finding]:
    try:
        for event in warnings(connection, now=case.now):
            at = f"{moment(event.at):%Y-%m-%d %H:%M} UTC"
            yield warning(f"{at}: {event.text}", where=case.history_path, fix="flowcron status")
        yield judge(vitals_of(connection, case.history_path), case)
    except DatabaseTrouble as error:
        trouble = explained(error, case.history_path)
        yield problem(trouble.message, where=case.history_path, fix=trouble.hint)
