"""How long to wait before the next attempt, if there is one."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from flowcron.domain.job import RetryPolicy
from flowcron.domain.outcome import (
    Cancelled,
    Exited,
    Lost,
    NotStarted,
    Outcome,
    Signaled,
    TimedOut,
    Unmet,
)


def wait_before(retry_number: int, policy: RetryPolicy, *, luck: float) -> timedelta | None:
    """Return how long to wait before the nth retry (from 1), or None to give up.

    `luck` is in [0, 1): 0.5 gives the wait without jitter.
    """
    if retry_number > policy.times:
        return None
    ceiling = policy.max_delay.total_seconds()
    try:
        plain = min(policy.delay.total_seconds() * policy.backoff ** (retry_number - 1), ceiling)
    except OverflowError:
        plain = ceiling
    return timedelta(seconds=plain * (1 + policy.jitter * (2 * luck - 1)))


def may_retry(outcome: Outcome, policy: RetryPolicy, *, success_codes: tuple[int, ...]) -> bool:
    """Return whether an attempt that ended like this may be followed by another.

    A command that could not be started is retried like one that failed: a missing mount or a full
    process table may be over by then.
    """
    match outcome:
        case Exited(code=code):
            if code in success_codes or code in policy.stop_exit_codes or not policy.on_failure:
                return False
            return policy.exit_codes is None or code in policy.exit_codes
        case Unmet() | Signaled() | NotStarted():
            return policy.on_failure and policy.exit_codes is None
        case TimedOut():
            return policy.on_timeout
        case Cancelled() | Lost():
            return False
        case _:
            assert_never(outcome)
