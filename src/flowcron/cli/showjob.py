"""One job in full: its schedule, its rules, and how its last runs went."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from flowcron.cli.alertwords import mute_text
from flowcron.cli.context import Session
from flowcron.cli.describe import schedule_text
from flowcron.cli.facts import fact, headline
from flowcron.cli.jobs import JobView, views
from flowcron.cli.place import folder_name, place_text
from flowcron.cli.policies import facts_about, umask_text
from flowcron.cli.policyrecord import POLICY_FIELDS, policy_record
from flowcron.cli.spark import sparkline
from flowcron.cli.statusalerts import since_text, told_text
from flowcron.cli.text import Line, Span
from flowcron.cli.words import SYMBOLS, took
from flowcron.domain.chain import downstream
from flowcron.domain.duration import format_duration
from flowcron.domain.job import (
    After,
    AfterEnd,
    At,
    Cron,
    Every,
    Job,
    OnStart,
    When,
)
from flowcron.domain.run import State
from flowcron.domain.times import day, iso, local, relative, short
from flowcron.domain.usual import Usual
from flowcron.history.alerts import open_incident
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
    "after",
    "then",
    "retries",
    *POLICY_FIELDS,
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


def job_document(session: Session, job: Job, afters: Mapping[str, After]) -> dict[str, Any]:
    """Return a job and its last runs, as programs get it; values of variables stay out.

    `afters` has what each job of the configuration runs after.
    """
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
        "after": None if job.after is None else list(job.after.jobs),
        "then": downstream(job.name, afters),
        "retries": job.retry.times,
        **policy_record(job),
        "description": job.description,
        "tags": job.tags,
        "file": job.file or None,
        "line": job.line or None,
        "usual_duration": None if usual is None else usual.median.total_seconds(),
        "p95_duration": None if usual is None else usual.p95.total_seconds(),
        "longest_duration": None if usual is None else usual.longest.total_seconds(),
        "runs": [_run(session, run) for run in view.recent.runs],
    }


def write_job(session: Session, job: Job, afters: Mapping[str, After]) -> None:
    """Write a job for a person; `afters` has what each job of the configuration runs after."""
    (view,) = views(session, (job,), last=_RUNS)
    headline(
        session.screen,
        view.symbol,
        Span(f" {job.name}", "strong"),
        f" · {schedule_text(job, zone=session.zone_name)}{_next(session, view)}",
        place=place_text(job),
    )
    if job.description:
        fact(session.screen, "about", job.description)
    _write_command(session, job)
    for name, parts in facts_about(job, afters):
        fact(session.screen, name, *parts)
    _write_incident(session, view)
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
    fact(session.screen, "as", *_accounts(job))
    fact(
        session.screen,
        "env",
        ", ".join(name for name, _ in job.env),
        None if job.env_file is None else f"from {folder_name(job.env_file)}",
        None if job.inherit_env else "nothing inherited but what cron gives",
    )


def _write_incident(session: Session, view: JobView) -> None:
    """Write since when the job fails and who knows of it, and whether it is muted."""
    incident = open_incident(session.history, view.job.name)
    if incident is not None:
        many = "1 failure" if incident.failures == 1 else f"{incident.failures} failures in a row"
        begun = since_text(session, incident)
        fact(session.screen, "failing", f"{many} {begun}", told_text(session, incident) or None)
    if view.mute is not None:
        fact(session.screen, "muted", mute_text(view.mute, session.now, session.zone))


def _next(session: Session, view: JobView) -> str:
    """Return what is to be said of its next time; nothing of a job that has none of its own."""
    if not view.job.enabled:
        return " · disabled"
    if view.pause is not None and view.pause.until is None:
        return " · paused"
    if view.next_at is None:
        return ""
    at = short(view.next_at, session.now, session.zone)
    return f" · next {at} ({relative(view.next_at, session.now)})"


def _accounts(job: Job) -> Iterator[str]:
    if job.user is not None:
        yield f"user {job.user}"
    if job.group is not None:
        yield f"group {job.group}"
    if job.umask is not None:
        yield f"umask {umask_text(job.umask)}"


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
