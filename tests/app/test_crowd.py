"""A thousand jobs at one instant: all recorded, all started once, and how late is to be seen."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fakes import poll

if TYPE_CHECKING:
    from installed import Installed

JOBS = 1_000


@pytest.mark.slow
def test_a_thousand_jobs_of_one_instant_all_run_once_and_those_that_were_late_say_so(
    flowcron: Installed,
) -> None:
    due = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    flowcron.configure(
        "".join(
            f'[jobs.j{n}]\nat = {due}\nlate_after = "1ms"\ncommand = "echo j{n} >> witness"\n'
            for n in range(JOBS)
        )
    )
    flowcron.start_and_wait()

    poll(
        lambda: flowcron.rows("SELECT count(*) FROM runs WHERE state = 'success'") == [(JOBS,)],
        seconds=60,
    )

    ran = Counter((flowcron.folder / "witness").read_text().split())
    assert ran == Counter(f"j{n}" for n in range(JOBS))
    ((lates, worst),) = flowcron.rows("SELECT count(late), max(late) FROM runs")
    ((slowest,),) = flowcron.rows("SELECT max(started_at - scheduled_at) FROM runs")
    assert lates > JOBS / 2
    assert worst == slowest < 30_000_000
    (said,) = flowcron.json("history", "j999")["runs"]
    assert said["late"] > 0
