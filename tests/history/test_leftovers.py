"""What no run needs any more, and log files of runs that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import make_job
from flowcron.domain.instant import Instant
from flowcron.domain.run import State, log_name, logs_of
from flowcron.history import record, requests, schedulers
from flowcron.history.database import identity, transaction
from flowcron.history.leftovers import drop_old, drop_unused, give_back, unused
from flowcron.history.logfiles import Removed, remove_orphans
from flowcron.history.origin import adopt, mark_as_copy
from flowcron.history.requests import Answer
from rows import Story, ago

CUTOFF = ago(days=90)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path / "history.db")
    story.configured(make_job("backup"))
    yield story
    story.db.close()


def ids(story: Story, table: str) -> list[int]:
    return [number for (number,) in story.db.execute(f"SELECT id FROM {table} ORDER BY id")]


def started(story: Story, at: Instant) -> int:
    return schedulers.scheduler_started(
        story.db, pid=1, boot="b", host="h", version="1", config="c", digest="d", at=at
    )


def test_old_events_and_answered_requests_go(story: Story) -> None:
    for at in (ago(days=91), ago(days=89)):
        record.event(story.db, "clock-step", "the clock was set", at=at)
        scheduler = started(story, at)
        asked = requests.ask(story.db, "stop", {}, scheduler=scheduler, requested_by="root", at=at)
        requests.answer(story.db, asked, Answer({}), at=at)
    waiting = requests.ask(
        story.db, "run", {}, scheduler=None, requested_by="root", at=ago(days=99)
    )

    with transaction(story.db):
        drop_old(story.db, CUTOFF)

    assert ids(story, "events") == [2]
    assert ids(story, "requests") == [2, waiting]


def test_old_alerts_and_incidents_go_but_what_waits_and_what_is_broken_stays(story: Story) -> None:
    job = story.jobs["backup"].id
    put = "INSERT INTO outbox (channel, event, text, created_at, due_at, state) VALUES"
    for day, state in ((100, "sent"), (100, "waiting"), (100, "dead"), (50, "sent")):
        story.db.execute(f"{put} ('ops', 'failure', '', ?, 0, ?)", (ago(days=day), state))
    opened = "INSERT INTO incidents (job_id, opened_at, closed_at, failures, first_run, last_run)"
    for closed_at in (ago(days=100), ago(days=50), None):
        story.db.execute(f"{opened} VALUES (?, 1, ?, 1, 1, 1)", (job, closed_at))

    drop_old(story.db, CUTOFF)

    assert ids(story, "outbox") == [2, 4]
    assert ids(story, "incidents") == [2, 3]


def test_the_scheduler_that_was_there_at_the_cutoff_stays(story: Story) -> None:
    for day in (300, 200, 100, 50):
        started(story, ago(days=day))

    drop_old(story.db, CUTOFF)

    assert ids(story, "schedulers") == [3, 4]


def test_a_definition_stays_that_a_run_has_that_was_in_force_at_the_cutoff_or_the_first(
    story: Story,
) -> None:
    definitions = [story.jobs["backup"].definition_id]
    story.db.execute("UPDATE definitions SET seen_at = ?", (ago(days=400),))
    for day in (300, 200, 100, 50):
        story.configured(make_job("backup", command=f"true {day}"))
        definitions.append(story.jobs["backup"].definition_id)
        story.db.execute(
            "UPDATE definitions SET seen_at = ? WHERE id = ?", (ago(days=day), definitions[-1])
        )
        if day == 200:
            story.run("backup", ago(days=199))

    found = unused(story.db, CUTOFF)
    drop_unused(story.db, found)

    assert found.definitions == (definitions[1],)
    assert ids(story, "definitions") == [definitions[0], *definitions[2:]]


def test_a_supervisor_stays_while_an_attempt_has_it(story: Story) -> None:
    supervisors = [
        schedulers.supervisor_seen(story.db, name, boot="b", pid=1, at=ago(days=day))
        for name, day in (("gone", 300), ("it", 299), ("newer", 80), ("newest", 79))
    ]
    story.run("backup", ago(days=298))
    story.db.execute("UPDATE supervisors SET seen_at = ? WHERE id = 2", (ago(days=299),))

    drop_unused(story.db, unused(story.db, CUTOFF))

    assert ids(story, "supervisors") == supervisors[1:]


def test_a_file_that_is_mostly_free_gets_smaller_and_another_stays(story: Story) -> None:
    def pages() -> int:
        return int(story.db.execute("PRAGMA page_count").fetchone()[0])

    run = story.run("backup", ago(hours=1))
    assert not give_back(story.db)
    story.output(run, b"x" * 8_000_000, b"")
    large = pages()
    story.db.execute("DELETE FROM output")
    steps = 0
    while give_back(story.db):
        steps += 1

    assert steps > 1
    assert pages() < large / 2
    assert story.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def logged(story: Story, run: int, *, number: int = 1, size: int = 5) -> list[Path]:
    """Write the files of an attempt's log: two segments, each with its index."""
    base = story.path.parent / log_name(run, number, history=identity(story.db))
    base.parent.mkdir(parents=True, exist_ok=True)
    files = [Path(f"{base}.{start}.{kind}") for start in (0, 900) for kind in ("log", "idx")]
    for file in files:
        file.write_bytes(b"x" * size)
    return files


def test_logs_of_runs_that_are_gone_are_deleted_and_others_stay(story: Story) -> None:
    run = story.run("backup", ago(hours=1))
    kept, gone = logged(story, run), logged(story, run + 1)
    note = gone[0].parent / "README"
    foreign = gone[0].parent / "notes.log"
    elsewhere = story.path.parent / "logs" / "another" / "0000" / "9.1.0.log"
    elsewhere.parent.mkdir(parents=True)
    for file in (note, foreign, elsewhere):
        file.write_text("mine")

    removed = remove_orphans(story.db, story.path.parent)

    assert removed == Removed(4, 20)
    assert not any(file.exists() for file in gone)
    assert all(file.exists() for file in (*kept, note, foreign, elsewhere))


def test_only_the_folders_that_are_named_are_looked_into(story: Story) -> None:
    story.mark(story.claimed("backup", ago(hours=1), state=State.SKIPPED), id=30_001)
    first, second = logged(story, 5), logged(story, 10_005)

    remove_orphans(story.db, story.path.parent, {1})

    assert all(file.exists() for file in first)
    assert not second[0].parent.exists()


def test_the_folder_that_the_next_run_logs_into_stays(story: Story) -> None:
    story.run("backup", ago(hours=1))
    files = logged(story, 77)

    remove_orphans(story.db, story.path.parent)

    assert list(files[0].parent.iterdir()) == []


def test_in_a_restored_history_the_logs_of_both_its_lives_are_looked_after(story: Story) -> None:
    """The runs that only the damaged one knew are over there; what they wrote is left to people."""
    story.run("backup", ago(hours=2))
    deleted, unknown = logged(story, story.run("backup", ago(hours=1))), logged(story, 3)
    mark_as_copy(story.db, at=ago())
    adopt(story.db)
    new = logged(story, 3), logged(story, 4)
    story.claimed("backup", ago(minutes=1), state=State.SKIPPED)
    story.db.execute("DELETE FROM runs WHERE id = 2")

    remove_orphans(story.db, story.path.parent)

    assert not any(file.exists() for file in (*deleted, *new[1]))
    assert all(file.exists() for file in (*unknown, *new[0]))


def test_without_logs_there_is_nothing_to_delete(story: Story) -> None:
    assert remove_orphans(story.db, story.path.parent) == Removed()
    assert not (story.path.parent / logs_of(identity(story.db))).exists()
