"""What processes may have at most."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from flowcron.system.limits import limits_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of others")


def test_the_hard_limit_of_another_process_is_known() -> None:
    with subprocess.Popen(
        ["sh", "-c", "ulimit -n 200 && echo && exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()

        limits = limits_of(process.pid)

        process.kill()
    assert limits is not None
    assert limits.files == 200


def test_nobody_tells_of_a_process_that_is_gone() -> None:
    process = subprocess.Popen(["true"])
    process.wait()

    assert limits_of(process.pid) is None
    assert limits_of(os.getpid()) is not None
