"""Until when something holds that a person says: `--for 2h`, `--until tomorrow`, or neither."""

from __future__ import annotations

from datetime import timedelta

import click

from flowcron.cli.context import Session
from flowcron.domain.duration import DurationError, parse_duration
from flowcron.domain.instant import Instant, micros
from flowcron.domain.times import short


def end_of(session: Session, length: str | None, until: str | None) -> Instant | None:
    """Return the end that was asked for, or None when somebody has to end it.

    Raises click.UsageError, also for an end that is over already: it would hold for no time.
    """
    if length is not None and until is not None:
        raise click.UsageError("--for and --until exclude each other")
    if length is None:
        end = session.time(until, "--until", ahead=True)
    else:
        end = Instant(session.now + micros(_length(length)))
    if end is not None and end <= session.now:
        option = "--for" if length is not None else "--until"
        raise click.BadParameter(f"{length or until} is over already", param_hint=option)
    return end


def _length(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except DurationError as error:
        raise click.BadParameter(f"{error}; {error.hint}", param_hint="--for") from error


def lasting(session: Session, end: Instant | None, *, otherwise: str) -> str:
    """Return "until 20:00", or until what else."""
    when = otherwise if end is None else short(end, session.now, session.zone, seconds=False)
    return f"until {when}"
