"""The one line that says what happened: the subject of a message, a line of a digest."""

from __future__ import annotations

from enum import StrEnum

from flowcron.alerts.facts import Facts
from flowcron.domain.alerting import Event
from flowcron.domain.text import visible_in_line

_MARKS = {
    Event.FAILURE: "✗",
    Event.RECOVERY: "✓",
    Event.SUCCESS: "✓",
    Event.RETRY: "↻",
    Event.START: "●",
    Event.TEST: "✓",
}
_OTHER_MARK = "!"
_LONGEST = 200  # characters of what happened: subjects are read on small screens
_TEENS = (11, 12, 13)
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


class Mood(StrEnum):
    """How bad it is, in the words of Apprise."""

    FAILURE = "failure"
    SUCCESS = "success"
    WARNING = "warning"
    INFO = "info"


def mark_of(facts: Facts) -> str:
    """Return the sign in front."""
    return _MARKS.get(facts.event, _OTHER_MARK)


def mood_of(facts: Facts) -> Mood:
    """Return how bad it is."""
    match facts.event:
        case Event.FAILURE:
            return Mood.FAILURE
        case Event.RECOVERY | Event.SUCCESS:
            return Mood.SUCCESS
        case Event.RETRY | Event.MISSED | Event.LATE | Event.SLOW | Event.SCHEDULER:
            return Mood.WARNING
        case Event.START | Event.MAIL | Event.TEST:
            return Mood.INFO


def headline(facts: Facts, host: str) -> str:
    """Return what happened, where, in a line: "✗ backup failed on db1: exit 2"."""
    happened = short_text(facts)
    mark = mark_of(facts)
    match facts.event:
        case Event.FAILURE:
            verb = "is still failing" if facts.details.get("reminder") else "failed"
            return f"{mark} {facts.job} {verb} on {host}: {happened}{_in_a_row(facts)}"
        case Event.SCHEDULER | Event.TEST:
            return f"{mark} flowcron on {host}: {happened}"
        case _:
            return f"{mark} {facts.job} on {host}: {happened}"


def short_text(facts: Facts) -> str:
    """Return what happened without where, cut to what a line can hold."""
    text = visible_in_line(facts.text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd", "11th"."""
    teen = number % 100 in _TEENS
    return f"{number}{'th' if teen else _ENDINGS.get(number % 10, 'th')}"


def _in_a_row(facts: Facts) -> str:
    failures = facts.details.get("failures") or 1
    return f" ({ordinal(failures)} time in a row)" if failures > 1 else ""
