"""What happens to runs becomes what channels are to be told, in the very same transaction."""

from __future__ import annotations

from datetime import timedelta

from flowcron.domain.alerting import FAILURES, Event, Rule, hears_recovery, who_hears_failure
from flowcron.domain.channel import Channel, rule_of
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import Job
from flowcron.domain.run import State
from flowcron.engine.turn import Over, Turn
from flowcron.history import incidents
from flowcron.history.incidents import Failure, NewAlert

MAIL = "mailto"
"""The channel of what a job prints; its details say to whom."""

_AT_ONCE = frozenset({Event.START, Event.SUCCESS})  # pings of a monitor: late ones are wrong ones


def tell_over(turn: Turn, over: Over) -> None:
    """Count a run that is over in the incident of its job, and tell who is to hear of it.

    What was skipped says nothing about a job: no incident opens or closes because of it, and a job
    that was skipped because of what came before it raises no alert of its own.
    """
    entry = turn.book.entries.get(over.job)
    job = over.definition if entry is None else entry.job
    if over.wrote and job.mailto:
        text = over.reason or over.state
        _put(turn, over, NewAlert(MAIL, Event.MAIL, text, details={"to": job.mailto}))
    if over.state in FAILURES:
        _failed(turn, job, over, None if entry is None else entry.previous_success)
    elif over.state is State.SUCCESS:
        _went_well(turn, job, over)


def tell(turn: Turn, job: Job, event: Event, text: str, *, job_id: int, run: int | None) -> None:
    """Tell of what is no incident: a retry, a late or a slow run, times that were missed."""
    for name, rule in rules_of(turn, job).items():
        if event in rule.on:
            due = _due(turn, name, event)
            alert = NewAlert(name, event, text, due_at=due, job_id=job_id, run_id=run)
            incidents.put(turn.db, alert, at=turn.now)


def tell_of_scheduler(turn: Turn, text: str) -> None:
    """Tell of something that happened to the scheduler itself."""
    for name, channel in turn.channels.items():
        if Event.SCHEDULER in channel.rule.on:
            due = _due(turn, name, Event.SCHEDULER)
            alert = NewAlert(name, Event.SCHEDULER, text, due_at=due)
            incidents.put(turn.db, alert, at=turn.now)


def rules_of(turn: Turn, job: Job) -> dict[str, Rule]:
    """Return by which rule each channel hears of a job; while it is muted, only monitors do."""
    if not job.alert:
        return {}
    rules = {
        alert.channel: rule_of(turn.channels[alert.channel], alert)
        for alert in job.alert
        if alert.channel in turn.channels
    }
    if _is_muted(turn, job):
        return {channel: rule for channel, rule in rules.items() if rule.is_monitor}
    return rules


def _failed(turn: Turn, job: Job, over: Over, last_success_at: Instant | None) -> None:
    failure = Failure(over.job_id, over.run, last_success_at)
    incident = incidents.count_failure(turn.db, failure, at=over.at)
    rules = rules_of(turn, job)
    if not rules:
        return
    heard = incidents.heard_of(turn.db, incident.id)
    details = {
        "failures": incident.failures,
        "opened_at": incident.opened_at,
        "last_success_at": last_success_at,
    }
    turn.heard_changed = True
    for channel in who_hears_failure(rules, incident, heard, now=turn.now):
        incidents.hears(turn.db, incident.id, channel, at=turn.now)
        text = over.reason or over.state
        alert = NewAlert(channel, Event.FAILURE, text, incident_id=incident.id, details=details)
        _put(turn, over, alert)


def _went_well(turn: Turn, job: Job, over: Over) -> None:
    incident = incidents.close_incident(turn.db, over.job_id, at=over.at)
    turn.heard_changed = turn.heard_changed or incident is not None
    rules = rules_of(turn, job)
    heard = {} if incident is None or not rules else incidents.heard_of(turn.db, incident.id)
    for channel, rule in rules.items():
        if incident is not None and hears_recovery(rule, heard.get(channel)):
            length = timedelta(microseconds=over.at - incident.opened_at)
            text = f"works again after {human_duration(length)}"
            details = {"failures": incident.failures, "opened_at": incident.opened_at}
            alert = NewAlert(
                channel, Event.RECOVERY, text, incident_id=incident.id, details=details
            )
            _put(turn, over, alert)
        elif Event.SUCCESS in rule.on:
            _put(turn, over, NewAlert(channel, Event.SUCCESS, "ok"))


def _put(turn: Turn, over: Over, alert: NewAlert) -> None:
    """Put something about a run into the outbox."""
    due = _due(turn, alert.channel, alert.event)
    about = alert._replace(due_at=due, job_id=over.job_id, run_id=over.run)
    incidents.put(turn.db, about, at=turn.now)


def _due(turn: Turn, name: str, event: Event) -> Instant:
    """Return when a channel is to be told: at once, or when there was time for more to say."""
    channel: Channel | None = turn.channels.get(name)
    if channel is None or event in _AT_ONCE:
        return turn.now
    return Instant(turn.now + micros(channel.group))


def _is_muted(turn: Turn, job: Job) -> bool:
    targets = (job.name, *(f"tag:{tag}" for tag in job.tags))
    return any(
        until is None or turn.now < until
        for target, until in turn.book.mutes.items()
        if target in targets
    )
