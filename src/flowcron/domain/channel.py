"""A channel: one [alerts.NAME] table, who is told and when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from flowcron.domain.alerting import Event, Remind, Rule

GROUP = timedelta(seconds=30)
MONITOR = Rule(on=frozenset({Event.START, Event.SUCCESS, Event.FAILURE}), remind=Remind.EACH)
"""When a monitor hears of a job: of every start and every end, because it counts them itself."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing is delivered: from one minute of the day to another, in a zone."""

    begin: int
    end: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `messages` in `per`; what comes beyond is one digest."""

    messages: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts go.

    `to` has Apprise URLs or references to them (see config/secrets.py), `command` is a program that
    gets the event as JSON, `healthchecks` the URL that pings of jobs are appended to. A message
    waits for more to say as long as `group`. With `output` the last lines of a run are in it, with
    `params` its parameters.
    """

    name: str
    rule: Rule = field(default_factory=Rule)
    email: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    healthchecks: str | None = None
    sentry: bool = False
    group: timedelta = GROUP
    quiet: Quiet | None = None
    limit: Limit | None = None
    fallback: str | None = None
    output: bool = True
    params: bool = True

    @property
    def is_monitor(self) -> bool:
        """Whether it is pinged by each run instead of being told what is wrong."""
        return self.healthchecks is not None or self.sentry

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the ways it goes; what fails on one is tried again on that one alone."""
        several = len(self.to) > 1
        ways = {
            "email": bool(self.email),
            **{f"to/{number}" if several else "to": True for number in range(1, len(self.to) + 1)},
            "command": bool(self.command),
            "healthchecks": self.healthchecks is not None,
            "sentry": self.sentry,
        }
        return tuple(name for name, is_there in ways.items() if is_there)

    def url_of(self, target: str) -> str | None:
        """Return the URL, or reference to one, behind the name of a target in `to`."""
        place = int(target.partition("/")[2] or 1) - 1
        return self.to[place] if target in self.targets and target.startswith("to") else None


@dataclass(frozen=True, slots=True)
class AlertTo:
    """A channel that a job alerts, and what of its rule the job has otherwise."""

    channel: str
    failures: int | None = None
    remind: timedelta | Remind | None = None


@dataclass(frozen=True, slots=True)
class Smtp:
    """[smtp]: how mail is sent; without it the local sendmail does. `password` is a reference."""

    host: str
    port: int
    sender: str
    username: str | None = None
    password: str | None = None
    tls: str = "starttls"


@dataclass(frozen=True, slots=True)
class Sentry:
    """[sentry]: where check-ins of jobs go; `dsn` is a URL or a reference to one."""

    dsn: str
    environment: str | None = None


def rule_of(channel: Channel, alert: AlertTo) -> Rule:
    """Return when a channel hears of a job; what a job says otherwise is not for monitors."""
    rule = channel.rule
    if channel.is_monitor:
        return replace(rule, is_monitor=True)
    return Rule(
        rule.on,
        rule.failures if alert.failures is None else alert.failures,
        rule.remind if alert.remind is None else alert.remind,
    )
