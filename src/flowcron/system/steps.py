"""Noticing that somebody set the wall clock, or that the machine slept."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time

from flowcron.domain.instant import SECOND

SLEWING = 2 * SECOND  # smaller differences are the clock being kept right, not set

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while asleep
_NONBLOCK, _CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
_ABSTIME, _CANCEL_ON_SET = 1, 2  # of timerfd_settime(2)
_FAR_AWAY = 1 << 33  # seconds, in 2242: the timer is not to go off, and 2^63 ns must hold it


class ClockWatch:
    """Tells by how much the wall clock was set; where there is a descriptor it says when to ask."""

    def __init__(self) -> None:
        self._offset = _offset()
        self.descriptor = _timer() if sys.platform == "linux" else None

    def step(self) -> int:
        """Return by how many microseconds the clock was set since the last call, or 0."""
        before, self._offset = self._offset, _offset()
        self._listen_again()
        step = self._offset - before
        return step if abs(step) >= SLEWING else 0

    def close(self) -> None:
        """Stop listening."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def _listen_again(self) -> None:
        if self.descriptor is not None:
            with contextlib.suppress(OSError):  # ECANCELED is the news, EAGAIN that there is none
                os.read(self.descriptor, 8)
            _arm(self.descriptor)


def _offset() -> int:
    """Return the wall clock against the one that only goes forward, in microseconds."""
    wall, running = time.time_ns(), time.clock_gettime_ns(_BOOTTIME)
    return (wall - running) // 1000


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


def _timer() -> int | None:
    """Return a descriptor that becomes readable when the clock is set, or None without timerfd."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.timerfd_create(time.CLOCK_REALTIME, _NONBLOCK | _CLOEXEC)
    if descriptor < 0:
        return None
    if not _arm(descriptor):
        os.close(descriptor)
        return None
    return int(descriptor)


def _arm(descriptor: int) -> bool:
    never = _Itimerspec(_Timespec(0, 0), _Timespec(_FAR_AWAY, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _ABSTIME | _CANCEL_ON_SET
    return int(libc.timerfd_settime(descriptor, flags, ctypes.byref(never), None)) == 0
