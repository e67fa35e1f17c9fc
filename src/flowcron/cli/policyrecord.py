"""What a job says beside its command and its times, as programs get it; no secret value."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flowcron.cli.policies import umask_text
from flowcron.domain.job import Job

POLICY_FIELDS = (
    "user",
    "group",
    "umask",
    "nice",
    "memory",
    "cpu_time",
    "open_files",
    "stdin",
    "env_file",
    "inherit_env",
    "secrets",
    "timeout",
    "kill_after",
    "retry",
    "success_codes",
    "expect",
    "overlap",
    "max_running",
    "pool",
    "priority",
    "missed",
    "missed_within",
    "jitter",
    "slow_after",
    "late_after",
    "on_lost",
    "log_limit",
    "keep",
    "alert",
    "mailto",
    "unusual",
)
_AS_THEY_ARE = (
    *("user", "group", "nice", "memory", "open_files", "env_file", "inherit_env", "success_codes"),
    *("overlap", "max_running", "pool", "priority", "missed", "on_lost", "log_limit"),
    *("mailto", "unusual"),
)
_LENGTHS = (
    *("cpu_time", "timeout", "kill_after", "missed_within", "jitter", "slow_after", "late_after"),
)


def policy_record(job: Job) -> dict[str, Any]:
    """Return the policies of a job: lengths in seconds, sizes in bytes, secrets as references."""
    record = {name: getattr(job, name) for name in _AS_THEY_ARE}
    record |= {name: _seconds(getattr(job, name)) for name in _LENGTHS}
    record |= {
        "umask": None if job.umask is None else umask_text(job.umask),
        "stdin": None if job.stdin is None else _stdin(job.stdin),
        "secrets": dict(job.secrets),
        "retry": {
            key: _seconds(value) if isinstance(value, timedelta) else value
            for key, value in asdict(job.retry).items()
        },
        "expect": None if job.expect is None else asdict(job.expect),
        "alert": [
            {
                "to": alert.channel,
                "failures": alert.failures,
                "remind": _seconds(alert.remind)
                if isinstance(alert.remind, timedelta)
                else alert.remind,
            }
            for alert in job.alert
        ],
        "keep": None
        if job.keep is None
        else {"age": _seconds(job.keep.age), "runs": job.keep.runs},
    }
    return {name: record[name] for name in POLICY_FIELDS}


def _stdin(text: str) -> dict[str, Any]:
    return {"bytes": len(text.encode()), "first_line": text.split("\n", 1)[0]}


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
