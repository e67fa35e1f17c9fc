"""`flowcron alerts list`: the channels, where they go, and when they are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flowcron.cli.alertwords import places_of, rules_text
from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.table import Column
from flowcron.cli.text import Line, Span
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
_COLUMNS = (
    Column("CHANNEL", minimum=8, firm=True),
    Column("TO", minimum=20),
    Column("TOLD OF", minimum=16),
    Column("RULES", minimum=10, drop=2),
    Column("JOBS", minimum=8, drop=1),
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
        session.screen.table(_COLUMNS, [_row(channel, config.jobs) for channel in config.channels])
        session.hint(f"flowcron alerts test {config.channels[0].name}")
    else:
        session.note(Span("no channels", "dim"))
        session.hint('write [alerts.ops] with email = "…", and alert = "ops" in [defaults]')


def _jobs_of(channel: Channel, jobs: tuple[Job, ...]) -> list[str]:
    return [job.name for job in jobs if channel.name in {each.channel for each in job.alert}]


def _row(channel: Channel, jobs: tuple[Job, ...]) -> tuple[Line, ...]:
    told = _jobs_of(channel, jobs)
    all_of_them = bool(jobs) and len(told) == len(jobs)
    return (
        (Span(channel.name, "strong"),),
        (Span(", ".join(places_of(channel))),),
        (Span(", ".join(event for event in _in_order(channel))),),
        (Span(rules_text(channel)),),
        (Span("all" if all_of_them else ", ".join(told) or "none"),),
    )


def _in_order(channel: Channel) -> list[str]:
    """Return what the channel is told of, in the order in which it is documented."""
    from flowcron.domain.alerting import Event  # noqa: PLC0415 it is little

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
