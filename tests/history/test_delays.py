"""How late runs have started."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fakes import EVERY_MINUTE, make_job
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.job import Overlap
from flowcron.domain.run import State, Trigger
from flowcron.history.delays import MOST, Delay, worst_delay
from rows import Story, ago

TODAY = ago(hours=18)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path / "history.db")
    story.configured(
        make_job("ping", when=EVERY_MINUTE),
        make_job("spread", when=EVERY_MINUTE, jitter=timedelta(minutes=30)),
        make_job("pooled", when=EVERY_MINUTE, pool="db"),
        make_job("queued", when=EVERY_MINUTE, overlap=Overlap.QUEUE),
    )
    yield story
    story.db.close()


def began(story: Story, job: str, due: Instant, *, late: float, **more: Trigger) -> None:
    run = story.claimed(job, due, state=State.SUCCESS, **more)
    story.mark(run, started_at=due + round(late * SECOND))


def test_the_run_that_started_latest_after_its_time_is_the_worst(story: Story) -> None:
    began(story, "ping", ago(hours=3), late=0.1)
    began(story, "ping", ago(hours=2), late=0.4)
    began(story, "ping", ago(hours=1), late=0.2)

    assert worst_delay(story.db, TODAY) == Delay(400_000, "ping", ago(hours=2), is_whole=True)


def test_nobody_was_late_where_nothing_was_due(story: Story) -> None:
    began(story, "ping", ago(days=2), late=9)

    assert worst_delay(story.db, TODAY) is None


def test_what_was_to_wait_or_was_made_up_is_not_late(story: Story) -> None:
    for job in ("spread", "pooled", "queued"):
        began(story, job, ago(hours=1), late=600)
    began(story, "ping", ago(hours=3), late=7200, trigger=Trigger.CATCH_UP)
    story.claimed("ping", ago(hours=2), state=State.SKIPPED)

    assert worst_delay(story.db, TODAY) is None


def test_a_clock_that_was_set_back_makes_no_run_early(story: Story) -> None:
    began(story, "ping", ago(hours=1), late=-5)

    delay = worst_delay(story.db, TODAY)

    assert delay is not None
    assert delay.delay == 0


def test_of_a_busy_day_the_last_runs_are_looked_at(story: Story) -> None:
    began(story, "ping", ago(hours=12), late=9)
    row = story.jobs["ping"]
    story.db.executemany(
        """
        INSERT INTO runs (job_id, definition_id, scheduled_at, "trigger", state, recorded_at,
                          started_at)
        VALUES (?, ?, ?, 'schedule', 'success', ?, ?)
        """,
        (
            (row.id, row.definition_id, at, at, at + 1000)
            for at in (ago(seconds=number) for number in range(MOST, 0, -1))
        ),
    )

    delay = worst_delay(story.db, TODAY)

    assert delay is not None
    assert (delay.delay, delay.is_whole) == (1000, False)
