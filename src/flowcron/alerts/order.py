"""What the process that sends is told, and what it answers: JSON, one of each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from flowcron.config.aside_alerts import heard_channel, told_channel
from flowcron.domain.channel import Channel, Sentry, Smtp


@dataclass(frozen=True, slots=True)
class Site:
    """What all orders of a scheduler have in common.

    `history` and `config` are paths; `timezone` is that of times; `smtp` and `sentry` are as the
    configuration has them, with references instead of secrets.
    """

    history: str
    config: str
    timezone: str
    smtp: Smtp | None = None
    sentry: Sentry | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Deliver some rows of the outbox to one target of a channel.

    Without a channel they are what jobs printed. Without rows it is a test of the target.
    """

    site: Site
    target: str
    channel: Channel | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an order: the rows that were taken, and those that were not.

    `via` is the service behind the target, `error` a sentence without a secret, `hint` how to mend
    it; `note` is what was not all well with what was taken. `retry_after` and `took` are seconds.
    """

    sent: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    via: str | None = None
    error: str | None = None
    hint: str | None = None
    note: str | None = None
    retry_after: float | None = None
    took: float = 0.0


def written_order(order: Order) -> bytes:
    """Return an order as JSON."""
    channel = None if order.channel is None else told_channel(order.channel)
    return json.dumps(asdict(order) | {"channel": channel}).encode()


def read_order(text: bytes | str) -> Order:
    """Return the order that was written."""
    plain = json.loads(text)
    site = plain["site"]
    smtp, sentry = site["smtp"], site["sentry"]
    site |= {"smtp": smtp and Smtp(**smtp), "sentry": sentry and Sentry(**sentry)}
    channel = None if plain["channel"] is None else heard_channel(plain["channel"])
    return Order(Site(**site), plain["target"], channel, tuple(plain["rows"]))


def written_answer(answer: Answer) -> str:
    """Return an answer as JSON."""
    return json.dumps(asdict(answer))


def read_answer(text: bytes) -> Answer:
    """Return the answer that was written; raises ValueError for anything else."""
    plain = json.loads(text)
    if not isinstance(plain, dict) or "sent" not in plain:
        raise ValueError("no answer")
    return Answer(**plain | {"sent": tuple(plain["sent"]), "failed": tuple(plain["failed"])})
