"""The jobs: whether a hang of one would be noticed, which fail, which were paused and forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.domain.duration import human_duration
from flowcron.domain.instant import Instant, micros, moment
from flowcron.domain.job import Job
from flowcron.history.pauses import Pause
from flowcron.history.pauses import pauses as pauses_of
from flowcron.history.standing import Standing, failing_jobs

_FORGOTTEN = timedelta(days=7)
_SHOWN = 5


def timeouts(case: Case) -> Iterator[Finding]:
    """Check that a hang of any job that starts by itself would be ended."""
    yield judge_timeouts(case.scheduled)


def judge_timeouts(jobs: Iterable[Job]) -> Finding:
    """Return which of some jobs nobody would notice to hang."""
    names = [job.name for job in jobs if job.timeout is None and not job.alert]
    if not names:
        return well("every job has a timeout or an alert")
    subject = "1 job has" if len(names) == 1 else f"{len(names)} jobs have"
    return problem(
        f"{subject} no timeout and no alert: {_few(names)}; a hang would go unnoticed",
        where=names[0] if len(names) == 1 else None,
        fix='timeout = "1h" in the job or in [defaults]',
    )


def failures(case: Case) -> Iterator[Finding]:
    """Check that no job is failing."""
    failing = [] if case.history is None else failing_jobs(case.history)
    for standing in failing:
        yield judge_failing(standing)
    if not failing:
        yield well("none is failing")


def judge_failing(standing: Standing) -> Finding:
    """Return how long a job has been failing, or that it never did anything else."""
    times = "once" if standing.failures == 1 else f"{standing.failures} times"
    since = f"{moment(standing.since):%Y-%m-%d %H:%M} UTC"
    text = f"{standing.job} has been failing since {since}, {times} in a row"
    if not standing.has_succeeded:
        text = f"{standing.job} has never succeeded and failed {times}, first {since}"
    return problem(text, where=standing.job, fix=f"flowcron show {standing.job}")


def pauses(case: Case) -> Iterator[Finding]:
    """Check that no job was paused without an end and then forgotten."""
    paused = {} if case.history is None else pauses_of(case.history, now=case.now)
    forgotten = [pause for pause in paused.values() if is_forgotten(pause, case.now)]
    for pause in forgotten:
        length = human_duration(timedelta(microseconds=case.now - pause.since))
        yield warning(
            f"{pause.job} is paused without an end since {length.split()[0]}",
            where=pause.job,
            fix=f"flowcron resume {pause.job}",
        )
    if not forgotten:
        yield well("none is paused for good")


def is_forgotten(pause: Pause, now: Instant) -> bool:
    """Return whether a pause without an end has gone on for a week."""
    return pause.until is None and now - pause.since >= micros(_FORGOTTEN)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
