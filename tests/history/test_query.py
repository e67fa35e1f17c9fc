"""Reading history: which runs, and through which index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import make_job
from flowcron.domain.instant import Instant
from flowcron.domain.run import State, Trigger
from flowcron.domain.usual import OF_LAST
from flowcron.history import window
from flowcron.history.attempts import attempts_of
from flowcron.history.count import Count, count
from flowcron.history.database import read_history
from flowcron.history.lineage import followers, retries_of
from flowcron.history.query import (
    Wanted,
    extent,
    newest_of,
    open_runs,
    previous_run,
    run_numbered,
    runs,
)
from flowcron.history.recent import recent_runs
from flowcron.history.usual import usuals
from rows import SUNDAY, Story, ago


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path / "history.db")
    story.configured(make_job("backup"), make_job("ping"))
    yield story
    story.db.close()


def test_runs_come_newest_first(story: Story) -> None:
    first, second = story.run("backup", ago(hours=2)), story.run("ping", ago(hours=1))

    assert [run.id for run in runs(story.db, Wanted())] == [second, first]
    assert [run.id for run in runs(story.db, Wanted(limit=1))] == [second]


def test_a_history_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    connection = read_history(tmp_path / "none.db")

    assert runs(connection, Wanted()) == []
    assert window.newest(connection, 20) == window.Window([], {})
    assert extent(connection) == (0, None)
    connection.close()


def test_the_time_of_a_run_is_when_it_was_due_or_else_asked_for(story: Story) -> None:
    story.run("backup", ago(hours=3))
    by_hand = story.claimed("backup", None, recorded_at=ago(hours=1), state=State.QUEUED)
    caught_up = story.claimed(
        "backup", ago(hours=2), recorded_at=ago(minutes=1), state=State.MISSED
    )

    since = [run.id for run in runs(story.db, Wanted(since=ago(hours=2)))]
    until = [run.id for run in runs(story.db, Wanted(since=ago(hours=2), until=ago(hours=1)))]

    assert since == [caught_up, by_hand]
    assert until == [caught_up]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(states=(State.FAILED,)), [2]),
        (Wanted(states=(State.FAILED, State.SUCCESS)), [4, 2, 1]),
        (Wanted(states=(State.RUNNING,)), [3]),
        (Wanted(triggers=(Trigger.MANUAL,)), [4]),
        (Wanted(jobs=("ping",)), [4, 3]),
        (Wanted(jobs=("ping", "backup"), limit=3), [4, 3, 2]),
        (Wanted(jobs=("nobody",)), []),
    ],
)
def test_runs_can_be_chosen(story: Story, wanted: Wanted, expected: list[int]) -> None:
    story.run("backup", ago(hours=4))
    story.run("backup", ago(hours=3), state=State.FAILED)
    story.running("ping", ago(hours=2))
    story.run("ping", ago(hours=1), trigger=Trigger.MANUAL)

    assert [run.id for run in runs(story.db, wanted)] == expected


def test_a_run_knows_its_attempts_and_the_last_line_of_the_last(story: Story) -> None:
    number = story.run(
        "backup", ago(hours=1), state=State.FAILED, retries=1, took=3, last_line="refused"
    )

    run = run_numbered(story.db, number)

    assert run is not None
    assert (run.attempts, run.last_line, run.exit_code) == (2, "refused", 1)
    assert [attempt.number for attempt in attempts_of(story.db, number)] == [1, 2]


def test_what_is_open_and_what_came_before_is_found(story: Story) -> None:
    first = story.run("backup", ago(hours=2))
    story.run("ping", ago(hours=1))
    last = story.running("backup", ago(minutes=1))

    (running,) = open_runs(story.db)
    before = previous_run(story.db, running)

    assert running.id == last
    assert before is not None
    assert before.id == first
    assert [run.id for run in newest_of(story.db, "backup", 1)] == [last]


def test_a_job_that_is_all_right_all_the_time_folds_into_one_line(story: Story) -> None:
    backup = story.run("backup", ago(hours=2))
    for minute in range(window.NOISE + 10, 0, -1):
        story.run("ping", ago(minutes=minute))
    bad = story.run("ping", ago(seconds=9), state=State.FAILED)

    page = window.newest(story.db, 20)
    day = window.between(story.db, ago(days=1), SUNDAY, limit=20)

    assert [run.id for run in page.runs] == [bad, backup]
    assert page.hidden == {"ping": window.NOISE + 10}
    assert day == page
    assert count(story.db, since=ago(days=1), until=SUNDAY) == Count(62, 62, 61)


def test_a_few_uneventful_runs_are_no_noise(story: Story) -> None:
    for minute in range(window.NOISE, 0, -1):
        story.run("ping", ago(minutes=minute))

    page = window.newest(story.db, 20)

    assert len(page.runs) == 20
    assert page.hidden == {}


def test_a_job_that_hides_only_a_few_runs_of_the_page_is_not_folded(story: Story) -> None:
    for minute in range(window.NOISE + 10, 0, -1):
        story.run("ping", ago(minutes=minute))
    for second in range(30, 0, -1):
        story.run("backup", ago(seconds=second), state=State.FAILED)

    short, long = window.newest(story.db, 20), window.newest(story.db, 40)

    assert short.hidden == {}
    assert long.hidden == {"ping": window.NOISE + 10}


def test_when_there_is_nothing_but_noise_it_is_shown(story: Story) -> None:
    for minute in range(window.NOISE + 10, 0, -1):
        story.run("ping", ago(minutes=minute))

    page = window.newest(story.db, 20)
    day = window.between(story.db, ago(days=1), SUNDAY, limit=20)

    assert len(page.runs) == 20
    assert page.hidden == {}
    assert day == page


def test_a_page_of_no_runs_hides_none(story: Story) -> None:
    story.run("ping", ago(minutes=1))

    assert window.newest(story.db, 0) == window.Window([], {})
    assert window.between(story.db, ago(days=1), SUNDAY, limit=0) == window.Window([], {})


def test_runs_are_counted_by_how_they_ended(story: Story) -> None:
    story.run("backup", ago(hours=4))
    story.run("backup", ago(hours=3), state=State.FAILED)
    story.claimed("backup", ago(hours=2), state=State.SKIPPED)
    story.running("backup", ago(hours=1))
    story.run("ping", ago(minutes=5))

    counted = count(story.db)

    assert counted == Count(runs=5, ended=3, ok=2)
    assert count(story.db, since=Instant(0)) == counted
    assert count(story.db, ("backup",)) == Count(runs=4, ended=2, ok=1)
    assert count(story.db, ("backup",), since=ago(hours=3), until=ago(hours=1)) == Count(2, 1, 0)


def test_a_job_is_known_by_its_last_runs(story: Story) -> None:
    story.run("backup", ago(hours=5), took=10)
    story.run("backup", ago(hours=4), took=30)
    story.run("backup", ago(hours=3), took=20)
    story.run("backup", ago(hours=2), state=State.FAILED)
    story.claimed("backup", ago(minutes=90), state=State.SKIPPED)
    story.run("backup", ago(hours=1), state=State.TIMED_OUT)

    recent = recent_runs(story.db, ["backup", "ping"], count=14)

    assert recent["backup"].failures == 2
    assert recent["ping"].runs == ()


def test_what_is_usual_is_learnt_from_the_last_successes(story: Story) -> None:
    story.run("backup", ago(days=50), took=9_000)
    for day in range(OF_LAST, 0, -1):
        story.run("backup", ago(days=day), took=100 + day)
        story.run("backup", ago(days=day, hours=-1), took=7_000, state=State.FAILED)
        story.claimed("backup", ago(days=day, hours=-2), state=State.SKIPPED)
    story.running("ping", ago(minutes=1))

    found = usuals(story.db, ["backup", "ping", "nobody"])

    assert list(found) == ["backup"]
    assert [length.total_seconds() for length in found["backup"]] == [115, 129, 130]


def test_a_run_knows_its_relatives(story: Story) -> None:
    first, second, third = (story.run("backup", ago(hours=hour)) for hour in (3, 2, 1))
    again = story.run("ping", ago(minutes=5))
    story.mark(second, chain=first, upstream=first)
    story.mark(third, chain=first, upstream=second)
    story.mark(again, retry_of=second)
    rows = {run.id: run for run in runs(story.db, Wanted())}

    assert [run.id for run in followers(story.db, rows[first])] == [second]
    assert [run.id for run in followers(story.db, rows[second])] == [third]
    assert [run.id for run in retries_of(story.db, rows[second])] == [again]
    assert retries_of(story.db, rows[first]) == []


FULL_SCANS = "SCAN runs"


@pytest.mark.parametrize(
    "read",
    [
        lambda story: runs(story.db, Wanted(limit=20, jobs=("backup",))),
        lambda story: runs(story.db, Wanted(limit=20, since=ago(hours=1))),
        lambda story: runs(story.db, Wanted(limit=20, states=(State.FAILED, State.LOST))),
        lambda story: runs(story.db, Wanted(limit=20, states=(State.RUNNING,))),
        lambda story: open_runs(story.db),
        lambda story: window.newest(story.db, 20),
        lambda story: window.between(story.db, ago(hours=1), SUNDAY, limit=20),
        lambda story: recent_runs(story.db, ["backup"], count=14),
        lambda story: usuals(story.db, ["backup"]),
        lambda story: run_numbered(story.db, 1),
        lambda story: [followers(story.db, run) for run in newest_of(story.db, "backup", 1)],
        lambda story: [retries_of(story.db, run) for run in newest_of(story.db, "backup", 1)],
        lambda story: count(story.db),
        lambda story: count(story.db, ("backup",)),
    ],
)
def test_no_common_question_walks_through_all_runs(story: Story, read: object) -> None:
    story.run("backup", ago(minutes=30))
    asked: list[str] = []
    story.db.set_trace_callback(asked.append)

    assert callable(read)
    read(story)
    story.db.set_trace_callback(None)

    plans = [row[3] for sql in asked for row in story.db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plans
    assert not [plan for plan in plans if plan.startswith(FULL_SCANS) and "INDEX" not in plan]
