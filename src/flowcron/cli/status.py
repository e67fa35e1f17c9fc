"""Is the scheduler running, and what is it doing: `flowcron status`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from flowcron.app.asking import scheduler_pid
from flowcron.cli.command import command as as_command
from flowcron.cli.context import NoConfigError, Session, pass_session, since
from flowcron.cli.facts import fact
from flowcron.cli.jobs import JobView, configured_jobs, is_loaded, views
from flowcron.cli.problems import near_name
from flowcron.cli.statusalerts import Alerts, alert_lines, alerts_now, alerts_record, failing_record
from flowcron.cli.statusclock import delay_record, delay_today, write_clock
from flowcron.cli.statuslines import (
    failing_line,
    next_line,
    open_line,
    paused_line,
    run_name,
    section,
)
from flowcron.cli.text import Span, width
from flowcron.cli.words import grouped
from flowcron.domain.instant import Instant
from flowcron.domain.run import State
from flowcron.domain.size import human_size
from flowcron.domain.times import away, coarse, day, iso, local, relative
from flowcron.domain.upcoming import next_time
from flowcron.errors import ConfigError
from flowcron.history.alerts import OpenIncident, open_incidents
from flowcron.history.ledger import Event
from flowcron.history.query import RunRow, extent, open_runs
from flowcron.history.run_record import run_record
from flowcron.history.schedulers import SchedulerRecord, last_scheduler
from flowcron.history.usual import usuals
from flowcron.history.warnings import warnings
from flowcron.system.cgroup import unit_of

FIELDS = (
    "state",
    "pid",
    "unit",
    "since",
    "version",
    "host",
    "config",
    "loaded_at",
    "is_current",
    "history",
    "runs",
    "running",
    "queued",
    "paused",
    "failing",
    "next",
    "warnings",
    "worst_delay",
    "alerts",
)
_NOT_RUNNING = 5
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Status:
    """What there is to say: `pid` is None when no scheduler runs."""

    pid: int | None
    scheduler: SchedulerRecord | None
    is_current: bool
    open: list[RunRow]
    jobs: list[JobView]
    warnings: list[Event]
    incidents: dict[str, OpenIncident]
    alerts: Alerts

    @property
    def failing(self) -> list[JobView]:
        """The jobs whose last run failed."""
        return [view for view in self.jobs if view.recent.failures]

    @property
    def next(self) -> list[tuple[Instant, str]]:
        """The next time of each job, the soonest first."""
        return sorted((v.next_at, v.job.name) for v in self.jobs if v.next_at is not None)


@as_command(
    name="status",
    examples=("flowcron status", "flowcron status --strict", "flowcron status --json pid,running"),
    fields=FIELDS,
)
@click.option("--strict", is_flag=True, help="Exit with 1 when a job is failing.")
@pass_session
def command(session: Session, *, strict: bool) -> int:
    """Say whether the scheduler is running, and what it is doing.

    The exit code is 0 when it is running and 5 when it is not.
    """
    status = _status(session)
    if not session.is_for_people:
        session.document(_document(session, status))
    elif status.pid is None:
        _write_stopped(session, status)
    else:
        _write_running(session, status, status.pid)
    if status.pid is None:
        return _NOT_RUNNING
    return 1 if strict and status.failing else 0


def _status(session: Session) -> Status:
    try:
        jobs = configured_jobs(session)
    except (ConfigError, NoConfigError):
        jobs = ()
    return Status(
        pid=scheduler_pid(session.history_path),
        scheduler=last_scheduler(session.history),
        is_current=is_loaded(session),
        open=open_runs(session.history),
        jobs=views(session, jobs, last=14, every=False),
        warnings=warnings(session.history, now=session.now),
        incidents=open_incidents(session.history),
        alerts=alerts_now(session),
    )


def _document(session: Session, status: Status) -> dict[str, Any]:
    scheduler = status.scheduler
    began = None
    if scheduler is not None:
        began = scheduler.started_at if status.pid is not None else scheduler.stopped_at
    runs, _ = extent(session.history)
    return {
        "schema": "flowcron.status/1",
        "state": "stopped" if status.pid is None else "running",
        "pid": status.pid,
        "unit": None if status.pid is None else unit_of(status.pid),
        "since": iso(began, session.zone),
        "version": scheduler.version if scheduler else None,
        "host": scheduler.host if scheduler else None,
        "config": _config(session, status),
        "loaded_at": iso(scheduler.loaded_at, session.zone) if scheduler else None,
        "is_current": status.is_current,
        "history": str(session.history_path),
        "runs": runs,
        "running": [run_record(r, session.zone) for r in status.open if r.state != State.QUEUED],
        "queued": [run_record(r, session.zone) for r in status.open if r.state == State.QUEUED],
        "paused": [v.job.name for v in status.jobs if v.pause is not None],
        "failing": [
            failing_record(session, view, status.incidents.get(view.job.name))
            for view in status.failing
        ],
        "next": [{"job": job, "at": iso(at, session.zone)} for at, job in status.next],
        "warnings": [
            {"at": iso(each.at, session.zone), "text": each.text} for each in status.warnings
        ],
        "worst_delay": delay_record(session, delay_today(session)),
        "alerts": alerts_record(session, status.alerts),
    }


def _config(session: Session, status: Status) -> str | None:
    """Return the configuration in use, or the one that a start would use."""
    if status.pid is not None and status.scheduler is not None:
        return status.scheduler.config
    return None if session.config_path is None else str(session.config_path)


def _write_running(session: Session, status: Status, pid: int) -> None:
    scheduler = status.scheduler
    parts = [f"pid {pid}"]
    if scheduler is not None:
        going = away(since(scheduler.started_at, session.now))
        parts.insert(0, f"since {_moment(session, scheduler.started_at)} ({going})")
        if (unit := unit_of(pid)) is not None:
            parts.append(f"systemd {unit}")
        parts.append(scheduler.version)
    session.screen.line(Span("● running", "ok"), f"   {' · '.join(parts)}", fit=True)
    if scheduler is not None:
        loaded = f"loaded {coarse(since(scheduler.loaded_at, session.now))} ago"
        changed = None if status.is_current else (Span("changed since", "late"),)
        fact(session.screen, "config", near_name(scheduler.config), loaded, changed)
    _write_history(session)
    write_clock(session, delay_today(session))
    _write_warnings(session, status)
    session.screen.line()
    _write_sections(session, status)
    if status.failing:
        session.hint(f"flowcron show {status.failing[0].job.name}")


def _write_sections(session: Session, status: Status) -> None:
    running = [run for run in status.open if run.state != State.QUEUED]
    queued = [run for run in status.open if run.state == State.QUEUED]
    usual = usuals(session.history, {run.job for run in running})
    room = max((width(run_name(run)) for run in status.open), default=0)
    section(
        session,
        "RUNNING",
        [open_line(session, run, usual=usual.get(run.job), room=room) for run in running],
    )
    wide = max((width(view.job.name) for view in status.failing), default=0)
    failing = [
        failing_line(session, view, incident=status.incidents.get(view.job.name), room=wide)
        for view in status.failing
    ]
    section(session, "FAILING", failing)
    section(session, "QUEUED", [open_line(session, run, usual=None, room=room) for run in queued])
    if paused := [view for view in status.jobs if view.pause is not None]:
        section(session, "PAUSED", [paused_line(session, view) for view in paused])
    next_line(session, status.next[:_SHOWN])
    if alerts := alert_lines(session, status.alerts):
        section(session, "ALERTS", alerts, counted=False)


def _write_stopped(session: Session, status: Status) -> None:
    scheduler = status.scheduler
    session.screen.line(Span("○ not running", "strong"), _last_seen(session, scheduler), fit=True)
    if scheduler is not None and scheduler.stopped_at is not None:
        due = [
            view.job.name
            for view in status.jobs
            if (next_time(view.job, scheduler.stopped_at) or session.now) < session.now
        ]
        if due:
            shown = ", ".join(due[:_SHOWN]) + (", …" if len(due) > _SHOWN else "")
            many = "1 job was" if len(due) == 1 else f"{len(due)} jobs were"
            session.screen.line(f"  {many} due since: {shown}", fit=True)
    _write_warnings(session, status)
    if status.open:
        many = "1 run is" if len(status.open) == 1 else f"{len(status.open)} runs are"
        session.screen.line(f"  {many} not over; the next start looks after them", fit=True)
    session.hint("flowcron start" if session.config_path else "flowcron init")


def _last_seen(session: Session, scheduler: SchedulerRecord | None) -> str:
    if scheduler is None:
        return "   never started here"
    if scheduler.stopped_at is None:
        return f"   it ended without a word; started {_moment(session, scheduler.started_at)}"
    why = f" ({scheduler.stop_reason})" if scheduler.stop_reason else ""
    return f"   last stopped {_moment(session, scheduler.stopped_at)}{why}"


def _moment(session: Session, at: Instant) -> str:
    when = local(at, session.zone)
    return f"{day(when)} {when:%H:%M}".replace("  ", " ")


def _write_history(session: Session) -> None:
    runs, first = extent(session.history)
    begun = f" since {_moment(session, first)}" if first is not None else ""
    said = f"{grouped(runs)} run{'' if runs == 1 else 's'}{begun}"
    size = human_size(_size(session.history_path))
    fact(session.screen, "history", near_name(str(session.history_path)), f"{said} · {size}")


def _write_warnings(session: Session, status: Status) -> None:
    for each in status.warnings:
        when = Span(f"{relative(each.at, session.now)}: ", "dim")
        session.screen.wrapped(Span("! ", "late"), when, each.text, again=Span("  "))


def _size(history: Path) -> int:
    files = (history, history.with_name(f"{history.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
