"""What `status` says of alerts: sent today, waiting and why, muted, and who knows of what fails."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, NamedTuple

from flowcron.cli.alertwords import mute_text, unsent_text
from flowcron.cli.context import Session
from flowcron.cli.jobs import JobView
from flowcron.cli.text import Line, Span
from flowcron.domain.instant import instant
from flowcron.domain.times import iso, local, short
from flowcron.history.alerts import OpenIncident, Stuck, sent_since, stuck
from flowcron.history.mutes import Mute, mutes_now


class Alerts(NamedTuple):
    """How it stands with alerts."""

    sent_today: int
    stuck: list[Stuck]
    mutes: list[Mute]


def alerts_now(session: Session) -> Alerts:
    """Read how it stands with alerts; the day begins in the zone that times are shown in."""
    now = local(session.now, session.zone)
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    return Alerts(
        sent_since(session.history, instant(midnight)),
        stuck(session.history),
        mutes_now(session.history, now=session.now),
    )


def alerts_record(session: Session, alerts: Alerts) -> dict[str, Any]:
    """Return how it stands with alerts, as programs get it."""
    return {
        "sent_today": alerts.sent_today,
        "waiting": [_stuck_record(session, each) for each in alerts.stuck if _waits(each)],
        "dead": [_stuck_record(session, each) for each in alerts.stuck if not _waits(each)],
        "muted": [
            {"target": mute.target, "until": iso(mute.until, session.zone), "by": mute.by}
            for mute in alerts.mutes
        ],
    }


def failing_record(
    session: Session, view: JobView, incident: OpenIncident | None
) -> dict[str, Any]:
    """Return since when a job fails and who knows of it, as programs get it."""
    return {
        "job": view.job.name,
        "failures": view.recent.failures if incident is None else incident.failures,
        "since": None if incident is None else iso(incident.opened_at, session.zone),
        "alerted": [] if incident is None else [channel for channel, _ in incident.told],
        "acknowledged_by": None if incident is None else incident.acknowledged_by,
    }


def alert_lines(session: Session, alerts: Alerts) -> list[Line]:
    """Return the lines about alerts; none where there is nothing to say."""
    lines: list[Line] = []
    if alerts.sent_today:
        lines.append((Span(f"{alerts.sent_today} sent today"),))
    for each in alerts.stuck:
        many = f"{each.messages} waiting" if _waits(each) else f"{each.messages} not sent"
        said = unsent_text(each, session.now).partition(": ")[2]
        front = Span(f"{many}: "), Span(each.way, "strong")
        why = (Span(f" ({said})", "late" if _waits(each) else "failed"),) if said else ()
        lines.append((*front, *why))
    for mute in alerts.mutes:
        said = mute_text(mute, session.now, session.zone)
        lines.append((Span(mute.target, "strong"), Span(f" muted {said}", "dim")))
    return lines


def told_text(session: Session, incident: OpenIncident) -> str:
    """Return "alerted Fri 07:02 (ops, oncall)", and whether somebody knows."""
    parts = []
    if incident.told:
        last = max(at for _, at in incident.told)
        who = ", ".join(channel for channel, _ in incident.told)
        when = short(last, session.now, session.zone, seconds=False)
        parts.append(f"alerted {when} ({who})")
    if incident.waiting:
        parts.append(f"not alerted yet: {', '.join(incident.waiting)}")
    if incident.acknowledged_by is not None:
        parts.append(f"acknowledged by {incident.acknowledged_by}")
    return " · ".join(parts)


def since_text(session: Session, incident: OpenIncident) -> str:
    """Return "since Wed 07:00", or with the day where that was long ago."""
    return f"since {short(incident.opened_at, session.now, session.zone, seconds=False)}"


def _waits(stuck: Stuck) -> bool:
    return stuck.state == "waiting"


def _stuck_record(session: Session, each: Stuck) -> dict[str, Any]:
    return {
        "way": each.way,
        "messages": each.messages,
        "tries": each.tries,
        "error": each.error,
        "next_try": iso(each.due_at, session.zone) if _waits(each) else None,
    }
