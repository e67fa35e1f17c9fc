"""Children that are nobody's first process."""

from __future__ import annotations

import os

from fakes import poll
from flowcron.supervisor.deadlines import Deadlines
from flowcron.supervisor.orphans import Orphans


def test_whoever_waits_for_another_child_of_this_process_is_told_how_it_ended() -> None:
    strays: list[tuple[int, int]] = []
    orphans = Orphans(
        Deadlines(),
        lambda _attempt, _status, _usage: None,
        lambda pid, status: strays.append((pid, status)),
    )
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 7"], {})

    poll(lambda: orphans.reap() and (pid, 7 << 8) in strays)
