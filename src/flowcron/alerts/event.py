"""The event as programs get it: `flowcron.event/1`; additive changes only."""

from __future__ import annotations

from typing import Any

from flowcron.alerts.facts import Facts, Sender
from flowcron.domain.instant import Instant
from flowcron.domain.times import iso
from flowcron.history.run_record import run_record


def event_record(facts: Facts, sender: Sender) -> dict[str, Any]:
    """Return an event as JSON has it; `output` are the last lines of what the run wrote."""
    job = facts.definition
    return {
        "schema": "flowcron.event/1",
        "event": str(facts.event),
        "text": facts.text,
        "at": iso(facts.created_at, sender.zone),
        "job": facts.job or None,
        "host": sender.host,
        "run": None if facts.run is None else run_record(facts.run, sender.zone),
        "incident": _incident(facts, sender),
        "output": facts.tail.split("\n") if facts.tail else [],
        "description": job.description if job is not None else "",
        "runbook": job.runbook if job is not None else "",
        "delayed": facts.delayed,
        "dedup_key": f"flowcron-{sender.history}-{facts.row}",
    }


def _incident(facts: Facts, sender: Sender) -> dict[str, Any] | None:
    if facts.incident is None:
        return None
    opened, success = facts.details.get("opened_at"), facts.details.get("last_success_at")
    return {
        "id": facts.incident,
        "opened_at": iso(_instant(opened), sender.zone),
        "failures": facts.details.get("failures"),
        "last_success_at": iso(_instant(success), sender.zone),
    }


def _instant(value: int | None) -> Instant | None:
    return None if value is None else Instant(value)
