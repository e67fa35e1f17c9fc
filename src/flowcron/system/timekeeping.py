"""Whether something keeps the clock right, as the kernel knows it: ntpd, chrony, timesyncd."""

from __future__ import annotations

import ctypes
import sys
from datetime import timedelta
from typing import NamedTuple

_UNSYNCHRONISED = 0x40  # STA_UNSYNC of adjtimex(2)
_ERROR = 5  # TIME_ERROR, what it returns then


class Keeping(NamedTuple):
    """Whether the clock is kept right, and how wrong it can be at most."""

    is_kept: bool
    error: timedelta


class _Timex(ctypes.Structure):
    """The beginning of struct timex, and room for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


def timekeeping() -> Keeping | None:
    """Return what the kernel knows about its clock, or None where it cannot be asked."""
    if sys.platform != "linux":
        return None
    answer = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(answer))
    if state < 0:
        return None
    is_kept = state != _ERROR and not answer.status & _UNSYNCHRONISED
    return Keeping(is_kept, timedelta(microseconds=answer.maxerror))
