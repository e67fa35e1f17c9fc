"""Telling again of what stays broken, for channels that want to hear of it after a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowcron.domain.alerting import Event, reminder_due
from flowcron.domain.instant import Instant
from flowcron.engine.alerts import rules_of
from flowcron.engine.turn import Turn
from flowcron.history import incidents
from flowcron.history.incidents import NewAlert, Told


class _Reminder(NamedTuple):
    due: Instant
    told: Told


def next_reminder(turn: Turn) -> Instant | None:
    """Return when a channel is to be reminded of something, or None."""
    return min((reminder.due for reminder in _reminders(turn)), default=None)


def remind(turn: Turn) -> None:
    """Put the reminders that are due into the outbox."""
    for due, told in list(_reminders(turn)):
        if due > turn.now:
            continue
        incident = told.incident
        details = {
            "failures": incident.failures,
            "opened_at": incident.opened_at,
            "last_success_at": told.last_success_at,
            "reminder": True,
        }
        alert = NewAlert(
            told.channel,
            Event.FAILURE,
            told.text,
            turn.now,
            told.job_id,
            told.last_run,
            incident.id,
            details,
        )
        incidents.hears(turn.db, incident.id, told.channel, at=turn.now)
        incidents.put(turn.db, alert, at=turn.now)
    turn.heard_changed = True


def _reminders(turn: Turn) -> Iterator[_Reminder]:
    """Yield when each channel that heard of a job which is still broken is to hear of it again."""
    for told in incidents.told_of_open(turn.db):
        entry = turn.book.entries.get(told.job)
        rule = None if entry is None else rules_of(turn, entry.job).get(told.channel)
        if rule is None:
            continue
        due = reminder_due(rule, told.incident, told.heard)
        if due is not None:
            yield _Reminder(due, told)
