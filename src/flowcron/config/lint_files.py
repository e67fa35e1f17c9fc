"""What is probably not meant about files that jobs should write; it looks at the disk to see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import has_magic
from itertools import takewhile
from pathlib import Path

from flowcron.config.config import Config
from flowcron.config.mistake import Mistake, located
from flowcron.config.paths import in_folder
from flowcron.config.sources import unchanged_sources
from flowcron.domain.job import Expectation, Job
from flowcron.errors import Problem


def warnings_about_files(config: Config) -> tuple[Problem, ...]:
    """Return what is probably not meant about the files that the jobs of a configuration write."""
    return tuple(
        problem
        for source in unchanged_sources(config.path, config.digest)
        for problem in located(
            source,
            (
                mistake
                for job in config.jobs
                if job.file == str(source.path) and job.enabled
                for mistake in _about(job)
            ),
        )
    )


def _about(job: Job) -> Iterator[Mistake]:
    expected = job.expect
    if expected is None or expected.file is None:
        return
    if expected.file.startswith("~") and job.user is not None:
        return  # the home of somebody else
    wrong = _wrong_with(in_folder(expected.file, Path(job.cwd or "")), expected, job)
    if wrong is not None:
        path = ("jobs", job.name, "expect", "file")
        yield Mistake("expect", wrong[0], path, wrong[1], warning=True)


def _wrong_with(pattern: Path, expected: Expectation, job: Job) -> tuple[str, str] | None:
    folder = Path(*takewhile(lambda part: not has_magic(part), pattern.parts[:-1]))
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "does not exist"
        return f"the folder {folder} {what}", "create it, unless the job itself does"
    if not expected.fresh or job.user is not None or _is_writable(pattern, folder):
        return None
    return f"the folder {folder} cannot be written", "the job is expected to write a file there"


def _is_writable(pattern: Path, folder: Path) -> bool:
    """Return whether we can write there: whoever else runs it is not asked."""
    return os.access(folder, os.W_OK | os.X_OK) or os.access(pattern, os.W_OK)
