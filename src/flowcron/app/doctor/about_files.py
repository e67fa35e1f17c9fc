"""Where files are: the history on a disk that can lock, and the folders of jobs at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowcron.app.doctor.case import Case
from flowcron.app.doctor.finding import Finding, problem, warning, well
from flowcron.system.mounts import Mount, mount_of


def filesystem(case: Case) -> Iterator[Finding]:
    """Check that the history is on a local file system: on others locks cannot be trusted."""
    is_wanted = case.config is not None and case.config.on_network
    yield judge_mount(mount_of(case.state), case.state, is_wanted=is_wanted)


def judge_mount(mount: Mount | None, state: Path, *, is_wanted: bool) -> Finding:
    """Return what there is to say about where the state directory is mounted."""
    if mount is None or not mount.is_network:
        return well("local disk" if mount is None else f"local disk ({mount.kind})", state)
    text = f"the history is on {mount.kind} ({mount.point}), where it may be damaged"
    fix = "put it on a local disk: [history] path or --db"
    if is_wanted:
        return warning(f"{text}; [history] network insists on it", where=state, fix=fix)
    return problem(text, where=state, fix=fix)


def folders(case: Case) -> Iterator[Finding]:
    """Check that the folders in which jobs start exist."""
    missing: dict[str, list[str]] = {}
    for job in case.jobs:
        if job.enabled and job.cwd is not None and _is_missing(Path(job.cwd)):
            missing.setdefault(job.cwd, []).append(job.name)
    for folder, jobs in missing.items():
        yield problem(
            f"the folder of {', '.join(jobs)} does not exist: no run can start",
            where=folder,
            fix=f"mkdir -p {folder}, or change cwd",
        )
    if not missing:
        yield well("all folders exist")


def _is_missing(folder: Path) -> bool:
    """Return whether there is surely no such folder; what may not be looked at may be there."""
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return not folder.is_dir()
