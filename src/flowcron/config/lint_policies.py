"""What is allowed and yet probably not meant among the policies of a job, and its pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from flowcron.config.mistake import Mistake
from flowcron.config.positions import Path
from flowcron.config.wording import shown
from flowcron.domain.duration import format_duration
from flowcron.domain.job import Job, Overlap
from flowcron.domain.size import format_size

_LITTLE_MEMORY = 10_000_000  # bytes of address space; a shell takes some 3 MB


@dataclass(frozen=True, slots=True)
class Shared:
    """What the jobs of all files have together: pools that some of them are in, and a limit."""

    used_pools: frozenset[str]
    is_limited: bool


def warnings_about_policies(
    jobs: Iterable[Job], table: dict[str, Any], shared: Shared
) -> Iterator[Mistake]:
    """Yield what is probably not meant in the jobs and pools of one file.

    A job is only told about what its own table says at least a part of: its [defaults] are right
    for others.
    """
    for job in jobs:
        own = table["jobs"][job.name]
        path: Path = ("jobs", job.name)
        if "slow_after" in own or "timeout" in own:
            yield from _never_slow(job, (*path, "slow_after" if "slow_after" in own else "timeout"))
        if "retry" in own or "success_codes" in own:
            yield from _successes_retried(job, path)
        if "memory" in own:
            yield from _little_memory(job, (*path, "memory"))
        if "priority" in own and job.pool is None and not shared.is_limited:
            message = "the priority decides nothing: no run of this job waits for a place"
            help_ = "put it into a pool, or limit all runs: [scheduler] max_running"
            yield Mistake("priority", message, (*path, "priority"), help_, warning=True)
    for name in table.get("pools", {}):
        if name not in shared.used_pools:
            message, help_ = f"no job is in pool {shown(name)}", f'write pool = "{name}" in one'
            yield Mistake("unused-pool", message, ("pools", name), help_, at_key=True, warning=True)


def while_it_takes_long(job: Job) -> str:
    """Return what happens to the times that come while a run goes on."""
    match job.overlap:
        case Overlap.SKIP:
            return "while a run takes that long, the next ones are skipped"
        case Overlap.QUEUE:
            return "while a run takes that long, the next ones wait behind it and pile up"
        case Overlap.REPLACE:
            return "the next run ends it before its timeout does"
        case Overlap.ALLOW if job.max_running is None:
            return "while a run takes that long, the next ones start beside it, without a limit"
        case Overlap.ALLOW:
            return f"while runs take that long, {job.max_running} go on at once and the rest wait"
        case _:
            assert_never(job.overlap)


def _never_slow(job: Job, path: Path) -> Iterator[Mistake]:
    if job.slow_after is not None and job.timeout is not None and job.slow_after >= job.timeout:
        message = (
            f"no attempt is ever slow: the timeout ends it after {format_duration(job.timeout)}"
        )
        help_ = (
            f"slow_after is {format_duration(job.slow_after)}; write one shorter than the timeout"
        )
        yield Mistake("never-slow", message, path, help_, warning=True)


def _successes_retried(job: Job, path: Path) -> Iterator[Mistake]:
    for key, codes in (
        ("exit_codes", job.retry.exit_codes or ()),
        ("stop_exit_codes", job.retry.stop_exit_codes),
    ):
        for number, code in enumerate(codes):
            if code in job.success_codes:
                message = f"exit code {code} is a success, which is never retried"
                help_ = f"leave it out of {key}, or out of success_codes"
                yield Mistake(
                    "success-code", message, (*path, "retry", key, number), help_, warning=True
                )


def _little_memory(job: Job, path: Path) -> Iterator[Mistake]:
    if job.memory is not None and job.memory < _LITTLE_MEMORY:
        message = f"with {format_size(job.memory)} of memory most programs cannot even start"
        help_ = f"it is the address space of each process: write {format_size(_LITTLE_MEMORY)} up"
        yield Mistake("little-memory", message, path, help_, warning=True)
