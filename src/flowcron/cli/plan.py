"""What would run, and exactly how: `flowcron run -n`. It starts nothing and reads no secret."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flowcron.app.asking import scheduler_pid
from flowcron.cli.context import Session
from flowcron.cli.facts import fact, headline
from flowcron.cli.formats import Format
from flowcron.cli.place import place_text
from flowcron.cli.policies import afters_of, facts_about, umask_text
from flowcron.cli.policyrecord import POLICY_FIELDS, policy_record
from flowcron.cli.text import Line, Span
from flowcron.config.accounts import Account, account, group_id, ourselves, user_id
from flowcron.config.config import Config
from flowcron.config.env_file import EnvironmentFileError, read_env_file
from flowcron.domain.chain import downstream
from flowcron.domain.duration import format_duration
from flowcron.domain.job import After, Job, RetryPolicy
from flowcron.domain.wish import Wish
from flowcron.errors import FlowcronError

PLAN_FIELDS = (
    "job",
    "argv",
    "cwd",
    "as",
    "env",
    "env_file_names",
    *POLICY_FIELDS,
    "force",
    "through",
    "then",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that a person would start: the job as it would run, who runs it, what follows.

    `scheduler` is the pid of the scheduler that would start it, None in the foreground. `who` is
    None where nobody can say. `env_file` has the names in the job's file of variables, or why it
    cannot be read.
    """

    job: Job
    who: Account | None
    scheduler: int | None
    afters: Mapping[str, After]
    env_file: tuple[str, ...] | FlowcronError = ()
    is_forced: bool = False


def plan_of(session: Session, config: Config, job: Job, wish: Wish) -> Plan:
    """Return how a wish for a job of a configuration would be met."""
    scheduler = scheduler_pid(session.history_path)
    if not wish.retries:
        job = replace(job, retry=RetryPolicy())
    afters = {} if wish.alone else afters_of(config.jobs)
    who, names = _who(job, scheduler), _names_in(job.env_file)
    return Plan(job, who, scheduler, afters, names, is_forced=wish.force)


def write_plans(session: Session, plans: list[Plan]) -> None:
    """Write what would run, for a person or for a program."""
    if session.is_for_people:
        for number, plan in enumerate(plans):
            if number:
                session.screen.line()
            _write(session, plan)
    elif session.output_format is Format.PLAIN:
        for plan in plans:
            session.document(_record(plan))
    else:
        document = {"schema": "flowcron.plan/1", "plans": []}
        session.records([_record(plan) for plan in plans], PLAN_FIELDS, document=document)


def _write(session: Session, plan: Plan) -> None:
    job, screen = plan.job, session.screen
    headline(screen, "would run ", Span(job.name, "strong"), place=place_text(job))
    fact(screen, "argv", shlex.join(job.argv))
    fact(screen, "in", job.cwd)
    umask = None if job.umask is None else f"umask {umask_text(job.umask)}"
    fact(screen, "as", _account_text(plan.who), umask)
    fact(screen, "inherits", _inherited(plan))
    fact(screen, "env file", *_file_text(plan))
    fact(screen, "env", *((Span(f"{name}=", "dim"), Span(value)) for name, value in job.env))
    for name, parts in facts_about(job, plan.afters):
        fact(screen, name, *parts)
    fact(screen, "ends", *_ends(job))
    fact(screen, "through", *_through(plan))


def _record(plan: Plan) -> dict[str, Any]:
    who = plan.who
    return {
        "job": plan.job.name,
        "argv": plan.job.argv,
        "cwd": plan.job.cwd,
        "as": who and {"user": who.name, "uid": who.uid, "gid": who.gid, "groups": who.groups},
        "env": dict(plan.job.env),
        "env_file_names": None if isinstance(plan.env_file, FlowcronError) else plan.env_file,
        **policy_record(plan.job),
        "force": plan.is_forced,
        "through": "foreground" if plan.scheduler is None else "scheduler",
        "then": downstream(plan.job.name, plan.afters),
    }


def _who(job: Job, scheduler: int | None) -> Account | None:
    """Return whom the process would belong to: the job's user, or whoever would start it."""
    group = None if job.group is None else group_id(job.group)
    if job.user is not None:
        uid = user_id(job.user)
        return None if uid is None else account(uid, group=group)
    runner = ourselves() if scheduler is None else _runner(scheduler)
    if runner is None or group is None:
        return runner
    return replace(runner, gid=group, groups=(group,))


def _runner(scheduler: int) -> Account | None:
    """Return who runs the scheduler; None where the system has no /proc."""
    try:
        process = Path(f"/proc/{scheduler}").stat()
    except OSError:
        return None
    return account(process.st_uid, group=process.st_gid)


def _names_in(env_file: str | None) -> tuple[str, ...] | FlowcronError:
    try:
        return () if env_file is None else tuple(read_env_file(env_file))
    except EnvironmentFileError as error:
        return error


def _file_text(plan: Plan) -> list[Line | str | None]:
    if isinstance(plan.env_file, FlowcronError):
        return [(Span(plan.env_file.message, "warning"),)]
    return [plan.job.env_file, ", ".join(plan.env_file)]


def _account_text(who: Account | None) -> str:
    if who is None:
        return "whoever runs the scheduler"
    groups = ", ".join(map(str, who.groups))
    return f"{who.name} · uid {who.uid} · gid {who.gid} · groups {groups}"


def _inherited(plan: Plan) -> str:
    if not plan.job.inherit_env:
        return "nothing but the few variables that cron gives"
    return "this environment" if plan.scheduler is None else "the scheduler's environment"


def _ends(job: Job) -> list[str]:
    if job.timeout is None:
        return ["when it ends; there is no timeout"]
    limit, later = format_duration(job.timeout), format_duration(job.kill_after)
    return [f"after {limit} at the latest: SIGTERM, and SIGKILL {later} later"]


def _through(plan: Plan) -> list[Line | str]:
    who = "the scheduler" if plan.scheduler else "this command, in the foreground"
    pid = f", pid {plan.scheduler}" if plan.scheduler else ": no scheduler is running"
    return [who + pid, "also beside other runs of it (--force)" if plan.is_forced else ""]
