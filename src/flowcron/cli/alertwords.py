"""How alerts are said: what happened, to whom it went, and what became of it."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from flowcron.cli.text import Line, Span
from flowcron.domain.alerting import Event
from flowcron.domain.alertwords import format_limit, format_quiet, format_remind
from flowcron.domain.channel import Channel
from flowcron.domain.instant import Instant
from flowcron.domain.job import DEFAULT_SHELL
from flowcron.domain.times import iso, local, relative, short
from flowcron.history.alerts import OutboxRow, Stuck
from flowcron.history.mutes import Mute

ALERT_FIELDS = (
    "id",
    "event",
    "job",
    "run",
    "channel",
    "target",
    "via",
    "state",
    "text",
    "tries",
    "created_at",
    "next_try",
    "sent_at",
    "error",
)
HAPPENED = {  # the words that follow the name of a job
    Event.FAILURE: "failed",
    Event.RETRY: "is tried again",
    Event.RECOVERY: "recovered",
    Event.MISSED: "missed",
    Event.LATE: "is late",
    Event.SLOW: "is slow",
    Event.START: "started",
    Event.SUCCESS: "ok",
    Event.SCHEDULER: "scheduler",
    Event.MAIL: "output",
    Event.TEST: "test",
}
SIGNS = {
    "sent": Span("✓", "ok"),
    "waiting": Span("○", "late"),
    "dead": Span("✗", "failed"),
}


def alert_record(row: OutboxRow, zone: tzinfo | None) -> dict[str, Any]:
    """Return what a channel is told, as programs get it."""
    return {
        "id": row.id,
        "event": row.event,
        "job": row.job,
        "run": row.run,
        "channel": row.channel,
        "target": row.target,
        "via": row.via,
        "state": row.state,
        "text": row.text,
        "tries": row.tries,
        "created_at": iso(row.created_at, zone),
        "next_try": iso(row.due_at, zone) if row.state == "waiting" else None,
        "sent_at": iso(row.sent_at, zone),
        "error": row.error,
    }


def told_line(row: OutboxRow, now: Instant, zone: tzinfo | None) -> Line:
    """Return who was told of a run, and when; or why not yet."""
    what = () if row.event is Event.FAILURE else (Span(f" ({row.event})", "dim"),)
    front = (SIGNS[row.state], Span(f" {row.way}"))
    if row.state == "sent" and row.sent_at is not None:
        return (*front, Span(f" {local(row.sent_at, zone):%H:%M:%S}"), *what)
    return (*front, Span(f" {unsent_text(row, now)}", SIGNS[row.state].style), *what)


def unsent_text(row: OutboxRow | Stuck, now: Instant) -> str:
    """Return "waiting: timed out, 3rd try in 4m", or that it could not be sent and why."""
    if row.state == "dead":
        return f"not sent: {row.error}" if row.error else "not sent"
    if not row.tries:
        return "waiting"
    when = relative(row.due_at, now) if row.due_at > now else "now"
    return f"waiting: {row.error or 'not sent'}, {ordinal(row.tries + 1)} try {when}"


def mute_text(mute: Mute, now: Instant, zone: tzinfo | None) -> str:
    """Return "until today 20:00 (root)"."""
    until = "somebody unmutes it"
    if mute.until is not None:
        until = short(mute.until, now, zone, seconds=False)
    return f"until {until} ({mute.by})"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd", "4th"."""
    teens = number % 100 in range(11, 14)
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def places_of(channel: Channel) -> tuple[str, ...]:
    """Return where a channel goes without any secret: addresses, kinds of URLs, references."""
    from flowcron.config.secrets import is_reference  # noqa: PLC0415 few say it

    urls = (url if is_reference(url) else f"{url.partition('://')[0]}://•••" for url in channel.to)
    healthchecks = channel.healthchecks
    if healthchecks is not None and not is_reference(healthchecks):
        healthchecks = "•••"
    return (
        *channel.email,
        *urls,
        *((_program(channel.command),) if channel.command else ()),
        *((f"healthchecks {healthchecks}",) if healthchecks else ()),
        *(("sentry",) if channel.sentry else ()),
    )


def _program(command: tuple[str, ...]) -> str:
    """Return what is started, without its arguments: they may be secrets."""
    if command[:-1] == DEFAULT_SHELL:
        return f"{command[-1].strip().partition(' ')[0]} …"
    return command[0] if len(command) == 1 else f"{command[0]} …"


def rules_text(channel: Channel) -> str:
    """Return what differs from the rules of a plain channel: "after 3 failures · quiet …"."""
    rule, parts = channel.rule, []
    if rule.failures > 1:
        parts.append(f"after {rule.failures} failures")
    if channel.is_monitor:
        parts.append("every run")
    elif str(rule.remind) != "never":
        parts.append(f"remind {format_remind(rule.remind)}")
    if channel.quiet is not None:
        parts.append(f"quiet {format_quiet(channel.quiet)}")
    if channel.limit is not None:
        parts.append(f"limit {format_limit(channel.limit)}")
    if channel.fallback is not None:
        parts.append(f"else {channel.fallback}")
    return " · ".join(parts)
