"""What the engine says while it works, for a terminal or a log."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from flowcron.domain.instant import Instant


class Kind(StrEnum):
    """What happened."""

    STARTED = "started"
    ADOPTED = "adopted"
    ENDED = "ended"
    RETRY = "retry"
    SKIPPED = "skipped"
    MISSED = "missed"
    QUEUED = "queued"
    LATE = "late"
    SLOW = "slow"
    NOTICE = "notice"
    WARNING = "warning"


class Report(NamedTuple):
    """One event. `took` and `wait` are in seconds; `state` is a word of `domain.run.State`."""

    kind: Kind
    at: Instant
    text: str
    job: str = ""
    run: int | None = None
    attempt: int | None = None
    attempts: int | None = None
    state: str = ""
    pid: int | None = None
    took: float | None = None
    wait: float | None = None
    last_line: str | None = None
    times: int | None = None
