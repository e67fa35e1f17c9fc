"""A run as programs get it, on the screen and in alerts."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from flowcron.domain.times import iso
from flowcron.history.query import RunRow

RUN_FIELDS = (
    "id",
    "job",
    "state",
    "trigger",
    "scheduled_at",
    "started_at",
    "finished_at",
    "duration",
    "attempts",
    "exit_code",
    "signal",
    "reason",
    "upstream",
    "chain",
    "retry_of",
    "waits",
    "late",
    "slow",
)


def run_record(run: RunRow, zone: tzinfo | None) -> dict[str, Any]:
    """Return a run as programs get it; pinned by tests.

    `late` is in seconds, where that is more than the job allows; `slow` is since when it was slow.
    """
    return {
        "id": run.id,
        "job": run.job,
        "state": run.state,
        "trigger": run.trigger,
        "scheduled_at": iso(run.scheduled_at, zone),
        "started_at": iso(run.started_at, zone),
        "finished_at": iso(run.finished_at, zone),
        "duration": None if run.duration is None else run.duration.total_seconds(),
        "attempts": run.attempts,
        "exit_code": run.exit_code,
        "signal": run.signal,
        "reason": run.reason,
        "upstream": run.upstream,
        "chain": run.chain,
        "retry_of": run.retry_of,
        "waits": run.waits,
        "late": None if run.late is None else run.late / 1_000_000,
        "slow": iso(run.slow_at, zone),
    }
