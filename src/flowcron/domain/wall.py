"""What the clock on the wall shows in a time zone, and where it jumps.

Wall times are seconds since the Unix epoch, read from a clock on the wall as if it showed UTC, so
that they can be counted with.  Instants here are whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 a wall shows no zone
_SECOND = timedelta(seconds=1)
_CORRECTION = 3 * 3600


@dataclass(frozen=True, slots=True)
class Change:
    """A clock change: at instant `at` the offset from UTC goes from `before` to `after`.

    Forward it leaves a gap in the wall times from `first` to `end` (excluded); backward the wall
    shows the times from `first` to `end` twice.
    """

    at: int
    before: int
    after: int

    @property
    def repeats(self) -> bool:
        """Whether wall times are shown twice, not skipped."""
        return self.before > self.after

    @property
    def first(self) -> int:
        """The first wall time skipped or repeated."""
        return self.at + min(self.before, self.after)

    @property
    def end(self) -> int:
        """The first wall time after those skipped or repeated."""
        return self.at + max(self.before, self.after)

    @property
    def is_correction(self) -> bool:
        """Whether it is too large to be daylight saving (cron(8): more than three hours)."""
        if self.repeats:
            return self.before - self.after > _CORRECTION
        return self.after - self.before >= _CORRECTION


def read_wall(zone: ZoneInfo, at: int) -> tuple[int, bool]:
    """Return the wall time at an instant, and whether the wall shows it for the second time."""
    shown = datetime.fromtimestamp(at, zone)
    return (shown.replace(tzinfo=None) - _EPOCH) // _SECOND, bool(shown.fold)


def around(zone: ZoneInfo, wall: int) -> tuple[int, Change | None]:
    """Return the offset at a wall time, and the change that skips or repeats it, if one does.

    With a change the offset is the one before it.
    """
    local = (_EPOCH + wall * _SECOND).replace(tzinfo=zone)
    before, after = _seconds(local.utcoffset()), _seconds(local.replace(fold=1).utcoffset())
    if before == after:
        return before, None
    early, late = wall - max(before, after) - 1, wall - min(before, after)
    return before, Change(instant_of_change(zone, early, late), before, after)


def offset_at(zone: ZoneInfo, at: int) -> int:
    """Return the offset from UTC at an instant, in seconds."""
    return _seconds(datetime.fromtimestamp(at, zone).utcoffset())


def instant_of_change(zone: ZoneInfo, early: int, late: int) -> int:
    """Return the first instant in (early, late] with another offset than `early` has."""
    first = offset_at(zone, early)
    while late - early > 1:
        middle = (early + late) // 2
        if offset_at(zone, middle) == first:
            early = middle
        else:
            late = middle
    return late


def _seconds(offset: timedelta | None) -> int:
    return offset // _SECOND if offset else 0
