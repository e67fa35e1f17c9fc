"""Deleting the runs that are kept no longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fakes import make_job
from flowcron.domain.instant import Instant, micros
from flowcron.domain.job import Keep
from flowcron.domain.keep import NEWEST, Keeps
from flowcron.domain.run import State, Trigger
from flowcron.history.prune import BATCH, Batch, Sweep
from rows import SUNDAY, Story, ago

DAYS_90 = Keeps(Keep(age=timedelta(days=90)))


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path / "history.db")
    story.configured(make_job("backup"), make_job("ping"))
    yield story
    story.db.close()


def pruned(story: Story, keeps: Keeps = DAYS_90, *, delete: bool = True) -> Batch:
    """Sweep once and return what went in all."""
    sweep = Sweep(keeps, now=SUNDAY, delete=delete)
    runs = output = 0
    folders: frozenset[int] = frozenset()
    while not sweep.is_over:
        batch = sweep.step(story.db)
        assert batch.runs <= BATCH
        runs, output, folders = runs + batch.runs, output + batch.output, folders | batch.folders
    return Batch(runs, output, folders)


def left(story: Story) -> list[int]:
    return [run for (run,) in story.db.execute("SELECT id FROM runs ORDER BY id")]


def recent(story: Story, job: str = "backup", **how: State) -> None:
    """Record the ten newest runs of a job, which always stay."""
    for hour in range(NEWEST, 0, -1):
        story.run(job, ago(hours=hour), **how)


def test_old_runs_go_with_their_attempts_and_output(story: Story) -> None:
    old = story.run("backup", ago(days=100), retries=1, output_bytes=3)
    story.output(old, b"abc", b"", number=2)
    recent(story)

    gone = pruned(story)

    assert gone == Batch(1, 3, frozenset({0}))
    assert len(left(story)) == NEWEST
    for table in ("attempts", "output"):
        assert story.db.execute(f"SELECT * FROM {table} WHERE run_id = ?", (old,)).fetchall() == []


def test_what_would_go_is_what_goes(story: Story) -> None:
    for day in range(700, 0, -1):
        state = State.FAILED if day % 50 == 0 else State.SUCCESS
        story.run("backup", ago(days=day), state=state, output_bytes=day, elided_bytes=1)

    foretold = pruned(story, delete=False)
    before = len(left(story))
    gone = pruned(story)

    assert foretold == gone
    assert gone.runs == 610
    assert gone.output == sum(range(91, 701)) - 610
    assert (before, len(left(story))) == (700, 90)
    assert pruned(story) == Batch()


def test_the_last_ten_runs_the_last_success_and_the_last_failure_stay(story: Story) -> None:
    success = [story.run("backup", ago(days=day)) for day in (300, 299)]
    failure = [story.run("backup", ago(days=day), state=State.LOST) for day in (298, 297)]
    skipped = [
        story.claimed("backup", ago(days=200 - n), state=State.SKIPPED) for n in range(NEWEST)
    ]

    pruned(story)

    assert left(story) == [success[1], failure[1], *skipped]


def test_a_job_keeps_what_it_says_itself(story: Story) -> None:
    for day in range(130, 90, -1):
        story.run("backup", ago(days=day))
        story.run("ping", ago(days=day))
    keeps = Keeps(Keep(age=timedelta(days=365)), {"ping": Keep(runs=12)})

    pruned(story, keeps)

    counted = story.db.execute(
        "SELECT name, count(*) FROM runs JOIN jobs ON jobs.id = job_id GROUP BY name"
    )
    assert dict(counted.fetchall()) == {"backup": 40, "ping": 12}


def test_a_job_that_is_configured_no_more_keeps_what_the_file_says(story: Story) -> None:
    story.run("ping", ago(days=100))
    recent(story, "ping")
    story.configured(make_job("backup"))

    assert pruned(story).runs == 1
    assert len(left(story)) == NEWEST


def test_a_time_that_was_made_up_late_is_not_old(story: Story) -> None:
    late = story.claimed(
        "backup", ago(days=100), state=State.MISSED, trigger=Trigger.CATCH_UP, recorded_at=SUNDAY
    )
    recent(story)

    pruned(story)

    assert late in left(story)


@pytest.mark.parametrize("relation", ["chain", "upstream", "retry_of"])
def test_what_has_to_do_with_a_run_that_is_not_over_stays(story: Story, relation: str) -> None:
    root, sibling, other = (story.run("backup", ago(days=day)) for day in (300, 299, 298))
    story.mark(sibling, chain=root, upstream=root)
    recent(story)
    going_on = story.running("ping", ago(minutes=1))
    story.mark(going_on, **{relation: root})

    pruned(story)
    meanwhile = left(story)
    story.mark(going_on, state="success")
    pruned(story)

    assert root in meanwhile
    assert (sibling in meanwhile) is (relation == "chain")
    assert other not in meanwhile
    assert root not in left(story)


def test_an_open_run_stays_however_old_it_is(story: Story) -> None:
    old = story.running("backup", ago(days=900))
    recent(story)

    assert pruned(story) == Batch()
    assert old in left(story)


def test_a_run_that_is_done_again_between_two_steps_stays(story: Story) -> None:
    old = story.run("backup", ago(days=300))
    recent(story)
    sweep = Sweep(DAYS_90, now=SUNDAY)
    sweep.step(story.db)
    story.mark(story.running("ping", ago(minutes=1)), retry_of=old)

    while not sweep.is_over:
        sweep.step(story.db)

    assert old in left(story)


def test_a_clock_that_was_ahead_for_a_while_keeps_no_other_run(story: Story) -> None:
    for day in range(300, 295, -1):
        story.claimed(
            "backup",
            ago(days=day),
            state=State.SKIPPED,
            recorded_at=Instant(SUNDAY + micros(timedelta(days=3650))),
        )
    old = story.run("backup", ago(days=290))
    recent(story)

    pruned(story)

    assert old not in left(story)


def test_more_runs_and_jobs_than_fit_a_step_all_go(story: Story) -> None:
    names = [f"job-{number}" for number in range(120)]
    story.configured(*map(make_job, names))
    with story.db:
        story.db.execute("BEGIN")
        for day in range(120, 80, -1):
            for name in names:
                row = story.jobs[name]
                story.db.execute(
                    """
                    INSERT INTO runs (job_id, definition_id, "trigger", state, recorded_at)
                    VALUES (?, ?, 'manual', 'success', ?)
                    """,
                    (row.id, row.definition_id, ago(days=day)),
                )
        story.db.execute("COMMIT")

    gone = pruned(story)

    assert gone.runs == 120 * 30
    assert len(left(story)) == 120 * NEWEST
