"""One job in full: its schedule, its rules, and how its last runs went."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any, assert_never

from flowcron.cli.context import Session
from flowcron.cli.describe import schedule_text
from flowcron.cli.facts import fact, headline
from flowcron.cli.jobs import JobView, views
from flowcron.cli.place import folder_name, place_text
from flowcron.cli.spark import sparkline
from flowcron.cli.text import Line, Span
from flowcron.cli.times import day, iso, local, relative, short
from flowcron.cli.words import SYMBOLS, took
from flowcron.domain.duration import format_duration
from flowcron.domain.job import (
    After,
    AfterEnd,
    At,
    Cron,
    Every,
    Job,
    OnStart,
    RetryPolicy,
    When,
)
from flowcron.domain.run import State
from flowcron.domain.size import human_size
from flowcron.domain.usual import Usual
from flowcron.history.recent import Glance
from flowcron.history.usual import usuals

JOB_FIELDS = (
    "job",
    "state",
    "schedule",
    "when",
    "next",
    "enabled",
    "command",
    "shell",
    "cwd",
    "env",
    "timeout",
    "retries",
    "overlap",
    "description",
    "tags",
    "file",
    "line",
    "usual_duration",
    "p95_duration",
    "longest_duration",
    "runs",
)
_RUNS = 30


def job_document(session: Session, job: Job) -> dict[str, Any]:
    """Return a job and its last runs, as programs get it; values of variables stay out."""
    (view,) = views(session, (job,), last=_RUNS)
    usual = usuals(session.history, (job.name,)).get(job.name)
    return {
        "schema": "flowcron.job/1",
        "job": job.name,
        "state": view.condition,
        "schedule": schedule_text(job),
        "when": [_when(session, when) for when in job.when],
        "next": iso(view.next_at, session.zone),
        "enabled": job.enabled,
        "command": job.command,
        "shell": job.shell,
        "cwd": job.cwd,
        "env": [name for name, _ in job.env],
        "timeout": None if job.timeout is None else job.timeout.total_seconds(),
        "retries": job.retry.times,
        "overlap": job.overlap,
        "description": job.description,
        "tags": job.tags,
        "file": job.file or None,
        "line": job.line or None,
        "usual_duration": None if usual is None else usual.median.total_seconds(),
        "p95_duration": None if usual is None else usual.p95.total_seconds(),
        "longest_duration": None if usual is None else usual.longest.total_seconds(),
        "runs": [_run(session, run) for run in view.recent.runs],
    }


def write_job(session: Session, job: Job) -> None:
    """Write a job for a person."""
    (view,) = views(session, (job,), last=_RUNS)
    headline(
        session.screen,
        view.symbol,
        Span(f" {job.name}", "strong"),
        f" · {schedule_text(job, zone=session.zone_name)} · {_next(session, view)}",
        place=place_text(job),
    )
    if job.description:
        fact(session.screen, "about", job.description)
    _write_command(session, job)
    fact(session.screen, "policy", " · ".join(_policy(job)))
    if view.recent.runs:
        session.screen.line()
        _write_runs(session, view)
    session.hint(f"flowcron logs {job.name}", f"flowcron history {job.name}")


def _write_command(session: Session, job: Job) -> None:
    if isinstance(job.command, str):
        fact(session.screen, "command", job.command)
        if job.shell != ("/bin/sh", "-c"):
            fact(session.screen, "shell", shlex.join(job.shell))
    else:
        fact(session.screen, "command", shlex.join(job.command))
    if job.cwd:
        fact(session.screen, "in", folder_name(job.cwd))
    if job.env:
        fact(session.screen, "env", ", ".join(name for name, _ in job.env))


def _next(session: Session, view: JobView) -> str:
    if not view.job.enabled:
        return "disabled"
    if view.pause is not None and view.pause.until is None:
        return "paused"
    if view.next_at is None:
        return "started by hand"
    at = short(view.next_at, session.now, session.zone)
    return f"next {at} ({relative(view.next_at, session.now)})"


def _policy(job: Job) -> list[str]:
    limit = "no timeout" if job.timeout is None else f"timeout {format_duration(job.timeout)}"
    return [
        limit,
        _retries(job.retry),
        f"overlap {job.overlap}",
        f"log {human_size(job.log_limit)}",
    ]


def _retries(policy: RetryPolicy) -> str:
    if not policy.times:
        return "no retry"
    waits, wait = [], policy.delay
    for _ in range(min(policy.times, 4)):
        waits.append(format_duration(wait))
        wait = min(wait * policy.backoff, policy.max_delay)
    more = ", …" if policy.times > len(waits) else ""
    return f"retry {policy.times} ({', '.join(waits)}{more})"


def _write_runs(session: Session, view: JobView) -> None:
    runs = view.recent.runs
    counts = Counter(run.state for run in runs)
    said: list[Line | str] = [f"{len(runs)} run{'' if len(runs) == 1 else 's'}"]
    said += [
        (SYMBOLS[state], Span(f" {counts[state]} {state.replace('_', ' ')}"))
        for state in State
        if counts[state]
    ]
    fact(session.screen, "last", *said)
    if (usual := usuals(session.history, (view.job.name,)).get(view.job.name)) is not None:
        fact(session.screen, "took", _lengths(usual))
    first, last = (local(run.at, session.zone) for run in (runs[-1], runs[0]))
    bounds = Span(day(first)), Span(day(last))
    gap = Span("  ")
    fact(session.screen, "", (bounds[0], gap, *sparkline(runs), gap, bounds[1]))


def _lengths(usual: Usual) -> str:
    median, p95, longest = map(took, usual)
    return f"usually {median} · p95 {p95} · longest {longest}"


def _when(session: Session, when: When) -> dict[str, Any]:
    match when:
        case Cron(text=text, timezone=timezone):
            return {"cron": text, "timezone": timezone}
        case Every(period=period, start=None):
            return {"every": format_duration(period)}
        case Every(period=period, start=start):
            return {"every": format_duration(period), "start": iso(start, session.zone)}
        case AfterEnd(period=period):
            return {"every": format_duration(period), "every_from": "end"}
        case At(times=times):
            return {"at": [iso(at, session.zone) for at in times]}
        case OnStart():
            return {"on": "start"}
        case After(jobs=jobs, condition=condition):
            return {"after": list(jobs), "when": condition}
        case _:
            assert_never(when)


def _run(session: Session, run: Glance) -> dict[str, Any]:
    return {
        "id": run.id,
        "state": run.state,
        "at": iso(run.at, session.zone),
        "duration": None if run.duration is None else run.duration.total_seconds(),
        "reason": run.reason,
    }
