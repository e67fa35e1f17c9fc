"""What the words after `flowcron next` mean: jobs of the configuration, or cron expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from flowcron.cli.context import Session
from flowcron.cli.jobs import configured_jobs
from flowcron.cli.pick import pick_jobs
from flowcron.domain.cron import CronExpression, ScheduleError, other_trigger, parse_cron
from flowcron.domain.job import Cron, Every, Job, OnStart, When

_UNQUOTED = re.compile(r"[0-9*/,H-]*[*/,-][0-9*/,H-]*|H")
_HASHED = re.compile(r"\bH\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meant:
    """The jobs to look at; a cron expression is a job by that name, and `expressions` has it."""

    jobs: tuple[Job, ...]
    expressions: dict[str, CronExpression | None]
    everything: bool

    @property
    def only(self) -> Job | None:
        """The job that was asked for by itself."""
        return self.jobs[0] if len(self.jobs) == 1 and not self.everything else None


def meant(session: Session, words: Sequence[str]) -> Meant:
    """Return what was asked for; no words are all jobs.

    Raise BadParameter for an expression that is none, NotFoundError for a job that is none.
    """
    texts = [word for word in words if " " in word.strip() or word.strip().startswith("@")]
    names = [word for word in words if word not in texts]
    jobs: dict[str, Job] = {}
    if names or not words:
        _insist_on_quotes(names)
        configured = {job.name: job for job in configured_jobs(session)}
        jobs = {name: configured[name] for name in pick_jobs(names or ["*"], configured)}
    read = dict(_read(session, texts))
    jobs |= {text: Job(text, command=(), when=(when,)) for text, (when, _) in read.items()}
    expressions = {text: found for text, (_, found) in read.items()}
    return Meant(tuple(jobs.values()), expressions, everything=not words)


def _read(
    session: Session, texts: Sequence[str]
) -> Iterator[tuple[str, tuple[When, CronExpression | None]]]:
    for text in texts:
        try:
            yield text.strip(), _schedule(session, text.strip())
        except ScheduleError as error:
            said = f"{error.message} (column {error.start + 1})"
            said += f"; {error.hint}" if error.hint else ""
            raise click.BadParameter(said, param_hint=f'"{text}"') from error


def _schedule(session: Session, text: str) -> tuple[When, CronExpression | None]:
    """Return the schedule of an expression, with each H chosen as for a job of this machine."""
    other = other_trigger(text)
    if isinstance(other, Every):
        return other, None
    if other == "start":
        return OnStart(), None
    if _HASHED.search(text) is None:
        return Cron(text, _zone(session)), parse_cron(text)
    from flowcron.config.machine import machine_seed  # noqa: PLC0415 few expressions have an H

    expression = parse_cron(text, seed=machine_seed())
    return Cron(expression.text, _zone(session)), expression


def _zone(session: Session) -> str:
    """Return the name of the zone that times are shown in, after making sure that there is one."""
    return session.zone_name if session.zone is None else str(session.zone)


def _insist_on_quotes(names: Sequence[str]) -> None:
    """Say what is wrong where the shell has taken an expression apart."""
    if any(_UNQUOTED.fullmatch(name) for name in names) and len(names) > 1:
        raise click.BadParameter(
            "a cron expression is one word: put it in quotes, as in '*/15 9-17 * * 1-5'"
        )
