"""Goal 5: how late one job starts that is due each second.

The C limit does the same half a second later, so that neither disturbs the other. The percentiles
are over the starts of all quiet blocks of ten seconds: with sixty starts p99 is the worst one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from contender import under_measurement
from figure import Figure, percentile, rounds_of
from noise import Kept, Span, Taken, take_rounds
from probes import Entry, Work, c_limit, flowcron
from session import Session, say

BLOCK = 10  # seconds, and so many starts of each

Late = tuple[list[float], list[float]]  # flowcron's and the limit's, seconds


def measure(session: Session) -> list[Figure]:
    """Measure the lateness of single starts."""
    lengths = session.lengths
    ours = flowcron(session, "single", Work(1, 1))
    limit = c_limit(session, "single-limit", Work(1, 1, offset=0.5))
    with under_measurement(ours.contender, limit.contender):
        kept = take_rounds(
            lambda: _block(ours, limit),
            wanted=lengths.single,
            at_most=lengths.single * lengths.patience,
        )
    return [
        _figure(kept, "p50", "≤ 5 ms", bound=5, of=lambda late: percentile(late, 50)),
        _figure(kept, "p99", "≤ 20 ms", bound=20, of=lambda late: percentile(late, 99)),
    ]


def _figure(
    kept: Kept[Late], name: str, wanted: str, *, bound: float, of: Callable[[list[float]], float]
) -> Figure:
    ours = [late for block, _ in kept.values for late in block]
    limit = [late for _, block in kept.values for late in block]
    missing = max(0, BLOCK * len(kept.values) - len(ours))
    return Figure(
        5,
        f"one job due each second: lateness, {name} of {len(ours)}",
        wanted,
        bound,
        "ms",
        of(ours) * 1e3,
        "C limit",
        of(limit) * 1e3,
        missing=missing,
        **rounds_of(kept),
    )


def _block(ours: Entry, limit: Entry) -> Taken[Late]:
    span = Span(lambda: ours.contender.own() | limit.contender.own())
    since = math.ceil(time.time())
    time.sleep(since + BLOCK - time.time() - 0.1)  # the last of them is due 0.6 s before
    foreign = span.foreign()
    late = _lateness(ours, since), _lateness(limit, since)
    say(f"one job a second: worst {max(late[0], default=0) * 1e3:.1f} ms, noise {foreign:.0%}")
    return Taken(late, foreign)


def _lateness(entry: Entry, since: int) -> list[float]:
    """Return how late each start was; each belongs to the instant of its own second."""
    first = since + entry.work.offset
    return [(at - first) % 1 for at in entry.starts(first, first + BLOCK)]
