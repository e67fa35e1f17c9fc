"""cron: it does not run what flowcron runs too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, warning, well
from flowcron.domain.crontab_line import command_of, is_same
from flowcron.domain.job import Job
from flowcron.system.crontabs import CronLine, cron_lines


def cron(case: Case) -> Iterator[Finding]:
    """Check that no crontab that can be read runs the same as a job."""
    yield from judge_cron(case.scheduled, cron_lines())


def judge_cron(jobs: Iterable[Job], lines: Iterable[CronLine]) -> Iterator[Finding]:
    """Yield the jobs that cron runs as well, by crontab."""
    jobs = tuple(jobs)
    twice: dict[str, dict[str, None]] = {}
    for line in lines:
        command = command_of(line.text, has_user=line.has_user)
        for job in jobs if command is not None else ():
            if is_same(job, command or ""):
                twice.setdefault(line.place, {})[job.name] = None
    for place, names in twice.items():
        yield warning(
            f"cron runs the same as {', '.join(names)}, so that is done twice",
            where=place,
            fix=place if place == "crontab -e" else f"delete the lines in {place}",
        )
    if not twice:
        yield well("cron runs none of them")
