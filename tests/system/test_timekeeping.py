"""Whether the clock is kept right."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from flowcron.system.timekeeping import timekeeping


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")
def test_the_kernel_is_asked_and_answers_alike_twice() -> None:
    first, second = timekeeping(), timekeeping()

    assert first is not None
    assert second is not None
    assert first.is_kept == second.is_kept
    assert timedelta(0) <= first.error < timedelta(hours=1)
