"""When an attempt that ended well has to be judged, and what is asked about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flowcron.domain.job import Job
from flowcron.domain.outcome import Exited
from flowcron.domain.run import log_name
from flowcron.engine.book import Live

Message = dict[str, Any]


def is_to_be_judged(outcome: Exited, job: Job) -> bool:
    """Return whether an attempt that ended like this has only succeeded if more is so."""
    return job.expect is not None and outcome.code in job.success_codes


def could_not_be_checked(why: str) -> str:
    """Return the reason of an attempt that nobody can say about whether it did what it should."""
    return f"could not be checked: {why}"


def question_about(live: Live, message: Message, *, history_id: str) -> Message:
    """Return what a judge is asked about an attempt whose end the message tells.

    `expect` has the fields of domain.job.Expectation, `file` is relative to `cwd` and may begin
    with the `~` of `user`. `log` is without suffix and relative to the state directory; `output`
    and `pieces` are instead of it when all output is small.
    """
    job = live.job
    if job.expect is None:
        raise ValueError("nothing is expected of it")
    return {
        "run": live.run,
        "attempt": live.number,
        "expect": asdict(job.expect),
        "cwd": job.cwd,
        "user": job.user,
        "started_at": message.get("started_at") or live.attempt_started_at or message["at"],
        "log": log_name(live.run, live.number, history=history_id),
        "bytes": message.get("bytes") or 0,
        "elided": message.get("elided") or 0,
        "output": message.get("output"),
        "pieces": message.get("pieces"),
    }


def verdict_about(run: int, attempt: int, unmet: str | None) -> Message:
    """Return the message that brings a verdict: why what is expected is not so, or None."""
    return {"ev": "judged", "run": run, "attempt": attempt, "unmet": unmet}
