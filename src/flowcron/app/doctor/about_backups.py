"""The daily backups of the history: there is a recent one, and it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant, micros
from flowcron.history.integrity import damage_of
from flowcron.history.traces import backup_folder, backups_of

_LATE = timedelta(days=2)


def backups(case: Case) -> Iterator[Finding]:
    """Check that there is a backup, at most two days older than the history, and whole."""
    newest = next(iter(backups_of(case.history_path)), None)
    changed = _changed_at(case.history_path)
    if newest is None:
        yield _none(case, changed)
        return
    if damage := damage_of(newest):
        yield problem(
            f"the newest backup is damaged: {damage}",
            where=newest,
            fix=f"delete {newest}; the scheduler makes another within an hour",
        )
        return
    age = timedelta(microseconds=max(0, case.now - _taken_at(newest)))
    if changed is not None and changed - _taken_at(newest) > micros(_LATE):
        yield warning(
            f"the newest backup is {human_duration(age)} old",
            where=newest,
            fix=f"is there room in {backup_folder(case.history_path)}?",
        )
        return
    yield well(f"backup {human_duration(age)} old and whole", newest)


def _none(case: Case, changed: Instant | None) -> Finding:
    began = None if case.scheduler is None else case.scheduler.started_at
    if case.pid is None or changed is None or began is None or case.now - began < micros(_LATE):
        return well("no backup is due yet")
    return warning(
        "there is no backup of the history",
        where=backup_folder(case.history_path),
        fix="flowcron backup FILE, and look at what the scheduler says",
    )


def _taken_at(path: Path) -> Instant:
    return Instant(path.stat().st_mtime_ns // 1000)


def _changed_at(path: Path) -> Instant | None:
    return _taken_at(path) if path.exists() else None
