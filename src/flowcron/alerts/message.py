"""What is said: one message of one alert, of a few, or of so many that each is a line."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowcron.alerts.body import body, delay_note, why_told
from flowcron.alerts.event import event_record
from flowcron.alerts.facts import Facts, Sender
from flowcron.alerts.headline import Mood, headline, mark_of, mood_of, short_text
from flowcron.domain.alerting import Event

_LINES = 100  # of a digest; what is more is counted
_NAMES = 3  # jobs that the subject of several alerts names
_BETWEEN = f"\n{'─' * 60}\n\n"
_WORDS = {Event.FAILURE: "failed", Event.RECOVERY: "recovered", Event.MISSED: "missed"}


@dataclass(frozen=True, slots=True)
class Message:
    """What is delivered in one go. `thread` is the incident that it is about, where it is one.

    `key` is the same whenever the same alerts are delivered again.
    """

    subject: str
    text: str
    mood: Mood
    events: tuple[dict[str, Any], ...]
    key: str
    thread: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The event as JSON has it, or all of them."""
        if len(self.events) == 1:
            return self.events[0]
        return {"schema": "flowcron.events/1", "events": list(self.events), "dedup_key": self.key}


def compose(alerts: Sequence[Facts], sender: Sender, *, digest: bool = False) -> Message:
    """Return the message about some alerts; with `digest` each of them is a line."""
    parts = [_digest(alerts, sender)] if digest else [body(each, sender) for each in alerts]
    incidents = {each.incident for each in alerts}
    return Message(
        _subject(alerts, sender),
        f"{_BETWEEN.join(parts)}{why_told(_about(alerts), sender)}\n",
        min((mood_of(each) for each in alerts), key=_SEVERITY.index),
        tuple(event_record(each, sender) for each in alerts),
        message_key(sender.history, [each.row for each in alerts]),
        _thread(sender, incidents.pop()) if len(incidents) == 1 else None,
    )


def message_key(history: str, rows: Sequence[int]) -> str:
    """Return what is the same for the same alerts of the same history, and for no others."""
    numbers = " ".join(map(str, sorted(rows)))
    return f"{history}.{hashlib.sha256(numbers.encode()).hexdigest()[:16]}"


def _subject(alerts: Sequence[Facts], sender: Sender) -> str:
    late = "(delayed) " if all(each.delayed for each in alerts) else ""
    if len(alerts) == 1:
        return late + headline(alerts[0], sender.host)
    counts = Counter(_WORDS.get(each.event, "other") for each in alerts)
    said = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    names = list(dict.fromkeys(each.job or "flowcron" for each in alerts))
    shown = ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else "")
    worst = min(alerts, key=lambda each: _SEVERITY.index(mood_of(each)))
    return f"{late}{mark_of(worst)} {len(alerts)} alerts on {sender.host}: {said} ({shown})"


def _digest(alerts: Sequence[Facts], sender: Sender) -> str:
    width = max(len(each.job) for each in alerts)
    lines = [
        f"{mark_of(each)} {each.job or 'flowcron':<{width}}  {short_text(each)}"
        f"{'' if each.run is None else f' · run {each.run.id}'} · {sender.when(each.created_at)}"
        for each in alerts[:_LINES]
    ]
    if len(alerts) > _LINES:
        lines.append(f"… and {len(alerts) - _LINES} more")
    late = next((each for each in alerts if each.delayed), None)
    note = "" if late is None else f"{delay_note(late, sender)}\n\n"
    return f"{note}{chr(10).join(lines)}\n\nflowcron history · flowcron status\n"


def _about(alerts: Sequence[Facts]) -> Facts:
    """Return the alert that the end of a message is about; with several jobs none can be muted."""
    first = alerts[0]
    if len({each.job for each in alerts}) == 1:
        return first
    return Facts(first.row, first.event, "", first.created_at, first.details)


def _thread(sender: Sender, incident: int | None) -> str | None:
    return None if incident is None else f"incident-{incident}.{sender.history}"


_SEVERITY = (Mood.FAILURE, Mood.WARNING, Mood.SUCCESS, Mood.INFO)
