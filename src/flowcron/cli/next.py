"""`flowcron next`: when jobs, or cron expressions, are due."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from flowcron.cli.command import command as as_command
from flowcron.cli.context import Session, pass_session
from flowcron.cli.describe import schedule_text
from flowcron.cli.nextfires import Fire, fires, first_of_each
from flowcron.cli.nextmeant import Meant, meant
from flowcron.cli.nextweek import week_end
from flowcron.cli.text import Span
from flowcron.cli.words import grouped
from flowcron.domain.instant import Instant
from flowcron.domain.job import Timed
from flowcron.domain.times import iso

if TYPE_CHECKING:
    from flowcron.history.pauses import Pause

FIELDS = ("job", "at", "note")
_DEFAULT = 10
_MOST = 100_000


@as_command(
    name="next",
    examples=(
        "flowcron next",
        "flowcron next backup -n 5",
        'flowcron next "*/15 9-17 * * 1-5" --tz Europe/Berlin',
        "flowcron next backup --from 2027-03-26 --until 7d --json",
        "flowcron next --week",
    ),
    fields=FIELDS,
)
@click.argument("what", metavar="[JOB|CRON]...", nargs=-1)
@click.option("-n", "limit", type=click.IntRange(1, _MOST), help="How many times.")
@click.option("--from", "begin", metavar="TIME", help="The times from this one on; else from now.")
@click.option("--until", metavar="TIME", help="The times before this one; 7d counts from --from.")
@click.option("--week", is_flag=True, help="Seven days in a picture: how busy each hour is.")
@pass_session
def command(
    session: Session,
    *,
    what: tuple[str, ...],
    limit: int | None,
    begin: str | None,
    until: str | None,
    week: bool,
) -> None:
    """Show when jobs are due next; or a cron expression, in quotes."""
    begins = session.time(begin, "--from", ahead=True)
    ends = _end(session, until, begins or session.now)
    if week and ends is None:
        ends = week_end(begins or session.now, session.zone)
    after = session.now if begins is None else Instant(begins - 1)
    asked = meant(session, what)
    if week and session.is_for_people:
        _write_week(session, asked, after)
    elif not session.is_for_people:
        found = _fires(session, asked, after, ends, limit)
        paused = _paused(session, asked)
        records = [_record(session, fire, paused) for fire in found]
        session.records(records, FIELDS, document={"schema": "flowcron.next/1", "fires": []})
    else:
        _write(session, asked, after, ends, limit)


def _write(
    session: Session, asked: Meant, after: Instant, ends: Instant | None, limit: int | None
) -> None:
    """Write times for a person: in the form that suits what was asked for."""
    from flowcron.cli import nextexpression, nextlist  # noqa: PLC0415 programs need neither

    only = asked.only
    if only is not None and only.name in asked.expressions:
        nextexpression.write_expression(session, only, asked.expressions[only.name], after=after)
        if ends is None and limit is None:
            nextexpression.write_next_days(session, only, after=after)
            return
    found = _fires(session, asked, after, ends, limit)
    if not found:
        session.note(Span(_why_nothing(asked), "dim"))
    elif only is None:
        nextlist.write_table(session, asked.jobs, found, paused=_paused(session, asked))
    elif only.name in asked.expressions:
        nextexpression.write_all_days(session, found)
    else:
        nextlist.write_list(session, found, paused=_paused(session, asked))


def _write_week(session: Session, asked: Meant, after: Instant) -> None:
    from flowcron.cli.nextweek import week_of, write_week  # noqa: PLC0415 few want it

    write_week(session, week_of(asked.jobs, after, session.zone))


def _fires(
    session: Session, asked: Meant, after: Instant, ends: Instant | None, limit: int | None
) -> list[Fire]:
    """Return the times that were asked for: of several the next of each, unless more is said."""
    if asked.only is None and limit is None and ends is None:
        return first_of_each(asked.jobs, after)
    wanted = limit or (_DEFAULT if ends is None else _MOST)
    found = fires(asked.jobs, after, until=ends)
    some = list(islice(found, wanted))
    if limit is None and ends is not None and next(found, None) is not None:
        session.warn(f"there are more; these are the first {grouped(_MOST)}")
    return some


def _end(session: Session, text: str | None, begins: Instant) -> Instant | None:
    """Return the time after --until; a length of time and a day's name count from --from."""
    if text is None:
        return None
    from flowcron.cli.readtime import TimeError, read_time  # noqa: PLC0415 seldom needed

    try:
        return read_time(text, begins, session.zone, ahead=True)
    except TimeError as error:
        raise click.BadParameter(str(error), param_hint="--until") from error


def _why_nothing(asked: Meant) -> str:
    job = asked.only
    if job is None:
        return "nothing is due"
    if not job.enabled:
        return f"{job.name} is disabled: nothing is due"
    if not any(isinstance(when, Timed) for when in job.when):
        return f"{job.name} has no times of its own: it runs {schedule_text(job)}"
    return "nothing is due"


def _paused(session: Session, asked: Meant) -> dict[str, Pause]:
    """Return which of the jobs are paused; an expression never is."""
    if all(job.name in asked.expressions for job in asked.jobs):
        return {}
    from flowcron.history.pauses import pauses  # noqa: PLC0415 expressions have no history

    return pauses(session.history, now=session.now)


def _record(session: Session, fire: Fire, paused: dict[str, Pause]) -> dict[str, str | None]:
    note = fire.note(session.zone_name)
    if fire.name in paused and paused[fire.name].holds(fire.at):
        note = f"{note} · paused" if note else "paused"
    return {"job": fire.name, "at": iso(fire.at, session.zone), "note": note}
