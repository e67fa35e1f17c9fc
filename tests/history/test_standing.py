"""How jobs stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import make_job
from flowcron.domain.run import State
from flowcron.history.standing import Standing, failing_jobs
from rows import Story, ago


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path / "history.db")
    story.configured(make_job("one"), make_job("two"), make_job("three"))
    yield story
    story.db.close()


def test_failures_are_counted_from_the_last_success_on(story: Story) -> None:
    story.run("one", ago(days=9), state=State.FAILED)
    story.run("one", ago(days=8))
    story.run("one", ago(days=7), state=State.TIMED_OUT)
    story.claimed("one", ago(days=6), state=State.LOST)

    assert failing_jobs(story.db) == [Standing("one", 2, ago(days=7), has_succeeded=True)]


def test_jobs_that_fail_are_in_the_order_of_the_configuration(story: Story) -> None:
    for job in ("three", "one"):
        story.run(job, ago(days=1), state=State.FAILED)
    story.run("two", ago(days=1))

    assert [each.job for each in failing_jobs(story.db)] == ["one", "three"]


def test_what_was_skipped_or_cancelled_says_nothing(story: Story) -> None:
    states = (State.SKIPPED, State.MISSED, State.CANCELLED, State.RUNNING)
    for day, state in enumerate(states):
        story.claimed("one", ago(days=day), state=state)

    assert failing_jobs(story.db) == []
