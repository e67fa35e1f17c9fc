"""Where a job stands in the files, also while other lines of them are broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flowcron.cli.context import Session
from flowcron.cli.problems import near_name
from flowcron.domain.job import Job


def placed(session: Session, job: Job) -> Job:
    """Return a job with its file and line, where a readable configuration has it."""
    if job.line or session.config_path is None:
        return job
    from flowcron.config.positions import lines_of_jobs  # noqa: PLC0415 it reads TOML
    from flowcron.config.sources import read_sources  # noqa: PLC0415 the same

    for source in read_sources(session.config_path):
        jobs = source.table.get("jobs")
        if isinstance(jobs, dict) and job.name in jobs:
            line = lines_of_jobs(source.readable, jobs).get(job.name, 0)
            return replace(job, file=str(source.path), line=line)
    return job


def place_text(job: Job) -> str:
    """Return "schedules.toml:18", or nothing."""
    return f"{near_name(job.file)}:{job.line}" if job.line else ""


def folder_name(folder: str) -> str:
    """Return a folder in full, or from the home of who asks: the same wherever they are."""
    try:
        inside = Path(folder).relative_to(Path.home())
    except (ValueError, RuntimeError):
        return folder
    return "~" if inside == Path() else f"~/{inside}"
