"""All about one alert, as a person reads it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta

from flowcron.alerts.facts import Facts, Sender
from flowcron.domain.alerting import Event
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant
from flowcron.domain.run import State
from flowcron.domain.text import visible_in_line
from flowcron.domain.times import coarse

_NAME = 11  # columns of the name of a fact
_GAP = 6  # columns between two facts of a line
_ON_TIME = 60_000_000  # microseconds; who starts later than this is said to


def body(facts: Facts, sender: Sender) -> str:
    """Return everything that is known, ending with a line break."""
    blocks = (
        _opening(facts, sender),
        "\n".join(_facts(facts, sender)),
        _output(facts),
        _commands(facts),
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


def why_told(facts: Facts, sender: Sender) -> str:
    """Return which channel tells this, and how to hear less of it."""
    here = visible_in_line(sender.config)
    if "fallback_for" in facts.details:
        lost = facts.details["fallback_for"]
        said = f"[alerts.{lost}] could not be reached; [alerts.{sender.channel}] is its fallback"
        return f"You get this because {said} in {here}."
    said = f"You get this because of [alerts.{sender.channel}] in {here}."
    if not facts.job:
        return said
    return f"{said} Mute: flowcron alerts mute {facts.job} --for 1d"


def delay_note(facts: Facts, sender: Sender) -> str:
    """Return how late this is told, and why; nothing where it is not."""
    if not facts.delayed:
        return ""
    why = "could not be delivered before" if facts.tries else "was held back until now"
    return f"(delayed: of {sender.when(facts.created_at, named=True)}, {why})"


def _opening(facts: Facts, sender: Sender) -> str:
    said = facts.last_line if facts.event in {Event.FAILURE, Event.RETRY} else None
    if facts.event is Event.TEST:
        said = "A test: whoever reads this hears of alerts."
    return "\n\n".join(line for line in (delay_note(facts, sender), said) if line)


def _facts(facts: Facts, sender: Sender) -> Iterator[str]:
    known = {
        "job": _job(facts),
        "run": _run(facts, sender),
        "attempts": _attempts(facts),
        "failing": _failing(facts, sender),
        "broken": _broken(facts, sender),
        "next": None if facts.next_at is None else sender.when(facts.next_at),
        "command": _command(facts),
        "host": None if facts.job else sender.host,
    }
    for name, said in known.items():
        if said:
            yield f"  {name:<{_NAME}}{said}"


def _job(facts: Facts) -> str:
    job = facts.definition
    if job is None:
        return facts.job
    said = f"{job.name}: {visible_in_line(job.description)}" if job.description else job.name
    return f"{said}{' ' * _GAP}runbook {visible_in_line(job.runbook)}" if job.runbook else said


def _run(facts: Facts, sender: Sender) -> str | None:
    run = facts.run
    if run is None:
        return None
    asked = f"{run.trigger} by {run.requested_by}" if run.requested_by else str(run.trigger)
    due = "scheduled" if run.scheduled_at is not None else asked
    parts = [str(run.id), f"{due} {sender.when(run.at, named=True)}"]
    if run.started_at is not None and run.started_at - run.at > _ON_TIME:
        parts.append(f"started {sender.when(run.started_at)}")
    if run.duration is not None:
        usual = f" (usually {coarse(facts.usual)})" if facts.usual else ""
        parts.append(f"took {human_duration(run.duration)}{usual}")
    return " · ".join(parts)


def _attempts(facts: Facts) -> str | None:
    run = facts.run
    if run is None or not run.attempts or run.state is State.SUCCESS:
        return None
    said = f"{run.attempts} of {max(run.tries, run.attempts)}"
    return f"{said} · {visible_in_line(run.reason)}" if run.reason else said


def _failing(facts: Facts, sender: Sender) -> str | None:
    opened = facts.details.get("opened_at")
    if facts.event is not Event.FAILURE or opened is None:
        return None
    success = facts.details.get("last_success_at")
    before = f"last success {sender.when(success)}" if success else "no success before"
    return f"since {sender.when(opened)} · {before}"


def _broken(facts: Facts, sender: Sender) -> str | None:
    opened, run = facts.details.get("opened_at"), facts.run
    if facts.event is not Event.RECOVERY or opened is None:
        return None
    failures = facts.details.get("failures") or 1
    many = "1 run failed" if failures == 1 else f"{failures} runs failed"
    ended = Instant(opened) if run is None or run.finished_at is None else run.finished_at
    length = human_duration(timedelta(microseconds=ended - opened))
    return f"since {sender.when(opened)}, for {length} · {many}"


def _command(facts: Facts) -> str | None:
    job = facts.definition
    if job is None or facts.event not in {Event.FAILURE, Event.RETRY, Event.SLOW, Event.LATE}:
        return None
    command = job.command if isinstance(job.command, str) else shlex.join(job.command)
    where = f"in {job.cwd}" if job.cwd else ""
    who = "" if job.user is None else f"as {job.user}"
    around = " ".join(part for part in (where, who) if part)
    said = visible_in_line(command)
    return f"{said}{' ' * _GAP}({visible_in_line(around)})" if around else said


def _output(facts: Facts) -> str:
    if not facts.tail:
        return ""
    return "\n".join(("last lines", *(f"│ {line}" for line in facts.tail.split("\n"))))


def _commands(facts: Facts) -> str:
    if facts.run is not None:
        more = [f"flowcron show {facts.run.id}"]
        if facts.event is Event.FAILURE:
            more.append(f"flowcron retry {facts.run.id}")
    elif facts.job:
        more = [f"flowcron show {facts.job}", f"flowcron history {facts.job}"]
    else:
        more = ["flowcron status", "flowcron alerts outbox"]
    return " · ".join(more)
