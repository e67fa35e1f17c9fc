"""Room on the disks that the history and the jobs write to."""

from __future__ import annotations

from collections.abc import Iterator
from glob import has_magic
from itertools import takewhile
from pathlib import Path

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.config.paths import in_folder
from flowcron.domain.size import human_size
from flowcron.system.space import Space, space_of

_FULL, _TIGHT = 0.01, 0.05  # shares of a disk
_ENOUGH = 10_000_000_000  # bytes that are enough, whatever their share
_NOTHING = 50_000_000  # bytes that are as good as none
_FEW_INODES = 0.01


def disk(case: Case) -> Iterator[Finding]:
    """Check that the disks of the history, of jobs' folders and of expected files have room."""
    seen: set[int] = set()
    for path in (case.state, *_of_jobs(case)):
        space = space_of(path)
        if space.device not in seen:
            seen.add(space.device)
            finding = judge(space, path)
            if path == case.state or finding.level != "ok":
                yield finding


def judge(space: Space, path: Path) -> Finding:
    """Return what there is to say about the room that a path has."""
    share = space.free / space.size if space.size else 1.0
    said = f"{path} has {human_size(space.free)} free ({share:.0%})"
    fix = f"make room; what is large: du -xh {path} | sort -h | tail"
    if space.inodes and space.free_inodes < space.inodes * _FEW_INODES:
        return problem(
            f"{path} has {space.free_inodes} inodes left of {space.inodes}: no file can be made",
            where=path,
            fix=f"delete small files: du -x --inodes {path} | sort -n | tail",
        )
    if space.size and (space.free < _NOTHING or (share < _FULL and space.free < _ENOUGH)):
        return problem(f"{said}: runs cannot be recorded", where=path, fix=fix)
    if share < _TIGHT and space.free < _ENOUGH:
        return warning(said, where=path, fix=fix)
    return well(f"{human_size(space.free)} free", path)


def _of_jobs(case: Case) -> Iterator[Path]:
    for job in case.jobs:
        if job.enabled:
            folder = Path(job.cwd or case.state)
            yield folder
            if job.expect is not None and job.expect.file is not None:
                pattern = in_folder(job.expect.file, folder)
                yield Path(*takewhile(lambda part: not has_magic(part), pattern.parts[:-1]))
