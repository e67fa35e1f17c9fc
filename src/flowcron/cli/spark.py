"""The last runs of a job as one small picture: a bar's height is how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter

from flowcron.cli.text import Line, Span
from flowcron.cli.words import SYMBOLS
from flowcron.domain.run import State
from flowcron.domain.usual import percentile
from flowcron.history.recent import Glance

_BARS = "▁▂▃▄▅▆▇█"
_USUAL = 3  # the bar of a run that takes as long as nearly all others
_TOO_SHORT = timedelta(seconds=1)  # below it the differences are chance


def sparkline(runs: Sequence[Glance]) -> Line:
    """Return a character for each run, the oldest first, neighbours of one colour together."""
    lengths = [run.duration for run in runs if run.duration is not None]
    long = percentile(lengths, 95) if lengths else timedelta()
    marks = (_mark(run, long) for run in reversed(runs))
    return tuple(
        Span("".join(text for text, _ in same), style)
        for style, same in groupby(marks, key=itemgetter(1))
    )


def _mark(run: Glance, long: timedelta) -> Span:
    match run.state:
        case State.SUCCESS:
            return Span(_bar(run.duration, long), "ok")
        case State.SKIPPED:
            return Span("·", "dim")
        case _:
            return SYMBOLS[run.state]


def _bar(length: timedelta | None, long: timedelta) -> str:
    if length is None or long < _TOO_SHORT:
        return _BARS[0]
    return _BARS[min(round(_USUAL * (length / long)), len(_BARS) - 1)]
