"""A process that holds a scheduler's lock, and does nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from flowcron.system.lock import Lock
lock = Lock(Path(sys.argv[1]))
assert lock.take()
print(flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(lock: Path) -> Iterator[int]:
    """Hold a lock as long as the block lasts; give the pid of the process that does."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()
