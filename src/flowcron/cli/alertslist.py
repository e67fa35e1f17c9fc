"""`flowcron alerts list`: the channels, where they go, and when they are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flowcron.cli.alertwords import places_of, rules_text
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.facts import fact
from flowcron.cli.text import Span
from flowcron.domain.alerting import Event
from flowcron.domain.alertwords import format_quiet
from flowcron.domain.channel import Channel
from flowcron.domain.job import Job

FIELDS = (
    "channel",
    "to",
    "on",
    "failures",
    "remind",
    "group",
    "quiet",
    "limit",
    "fallback",
    "output",
    "params",
    "jobs",
)


@as_command(
    name="list",
    group="alerts",
    examples=("flowcron alerts list", "flowcron alerts list --json channel,jobs"),
    fields=FIELDS,
)
@pass_session
def command(session: Session) -> None:
    """Show the channels: where they go, and when they are told of which jobs."""
    from flowcron.config.load import load  # noqa: PLC0415 pydantic is slow to load

    config = load(session.needed_config)
    if not session.is_for_people:
        records = [_record(channel, config.jobs) for channel in config.channels]
        document = {"schema": "flowcron.alerts/1", "alerts": []}
        session.records(records, FIELDS, document=document)
    elif config.channels:
        with session.paged():
            for channel in config.channels:
                _write(session, channel, config.jobs)
        session.hint(f"flowcron alerts test {config.channels[0].name}")
    else:
        session.note(Span("no channels", "dim"))
        session.hint('write [alerts.ops] with email = "…", and alert = "ops" in [defaults]')


def _jobs_of(channel: Channel, jobs: tuple[Job, ...]) -> list[str]:
    return [job.name for job in jobs if channel.name in {each.channel for each in job.alert}]


def _write(session: Session, channel: Channel, jobs: tuple[Job, ...]) -> None:
    told = _jobs_of(channel, jobs)
    screen = session.screen
    screen.line(Span(channel.name, "strong"))
    fact(screen, "to", ", ".join(places_of(channel)))
    fact(screen, "told of", ", ".join(_in_order(channel)))
    fact(screen, "rules", rules_text(channel))
    fact(screen, "jobs", "all" if jobs and len(told) == len(jobs) else ", ".join(told) or "none")
    screen.line()


def _in_order(channel: Channel) -> list[str]:
    """Return what the channel is told of, in the order in which it is documented."""
    return [str(event) for event in Event if event in channel.rule.on]


def _record(channel: Channel, jobs: tuple[Job, ...]) -> dict[str, Any]:
    rule, limit, remind = channel.rule, channel.limit, channel.rule.remind
    per = None if limit is None else limit.per.total_seconds()
    return {
        "channel": channel.name,
        "to": list(places_of(channel)),
        "on": _in_order(channel),
        "failures": rule.failures,
        "remind": remind.total_seconds() if isinstance(remind, timedelta) else remind,
        "group": channel.group.total_seconds(),
        "quiet": None if channel.quiet is None else format_quiet(channel.quiet),
        "limit": None if limit is None else {"messages": limit.messages, "per": per},
        "fallback": channel.fallback,
        "output": channel.output,
        "params": channel.params,
        "jobs": _jobs_of(channel, jobs),
    }
