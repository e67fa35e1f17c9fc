"""doctor on the jobs."""

from __future__ import annotations

from fakes import EVERY_MINUTE, make_job
from flowcron.app.doctor.about_jobs import failures, is_forgotten, judge_timeouts, pauses, timeouts
from flowcron.app.doctor.finding import Level
from flowcron.domain.channel import AlertTo
from flowcron.domain.run import State
from flowcron.history.database import transaction
from flowcron.history.pauses import Pause, pause
from looks import WELL, Looks, levels, texts
from rows import SUNDAY, Story, ago


def backup(looks: Looks) -> Story:
    story = looks.story()
    story.configured(make_job("backup", when=EVERY_MINUTE))
    return story


def test_jobs_without_a_timeout_are_a_problem(looks: Looks) -> None:
    looks.configure('[jobs.a]\nevery = "1m"\ncommand = "true"\n[jobs.by-hand]\ncommand = "true"\n')

    (finding,) = looks.findings(timeouts)

    assert (finding.level, finding.where) == (Level.PROBLEM, "a")
    assert "1 job has no timeout" in finding.text


def test_a_timeout_for_all_is_enough(looks: Looks) -> None:
    looks.configure(WELL)

    assert levels(looks.findings(timeouts)) == [Level.OK]


def test_an_alert_is_enough_too() -> None:
    assert judge_timeouts([make_job(alert=(AlertTo("ops"),))]).level is Level.OK


def test_of_many_jobs_a_few_are_named() -> None:
    finding = judge_timeouts([make_job(f"job{number}") for number in range(8)])

    assert "8 jobs have no timeout" in finding.text
    assert "job4 and 3 more" in finding.text


def test_a_job_that_fails_says_since_when(looks: Looks) -> None:
    story = backup(looks)
    story.run("backup", ago(days=4))
    for day in (3, 2, 1):
        story.run("backup", ago(days=day), state=State.FAILED)
        story.claimed("backup", ago(days=day, hours=-1), state=State.SKIPPED)

    (finding,) = looks.findings(failures)

    assert (finding.level, finding.where) == (Level.PROBLEM, "backup")
    assert finding.text == "backup has been failing since 2026-11-19 18:48 UTC, 3 times in a row"


def test_a_job_that_never_succeeded_says_so(looks: Looks) -> None:
    story = backup(looks)
    story.run("backup", ago(days=1), state=State.TIMED_OUT)

    assert texts(looks.findings(failures)) == [
        "backup has never succeeded and failed once, first 2026-11-21 18:48 UTC"
    ]


def test_a_job_that_recovered_and_one_that_is_gone_are_well(looks: Looks) -> None:
    story = backup(looks)
    story.run("backup", ago(days=2), state=State.FAILED)
    story.run("backup", ago(days=1))
    assert levels(looks.findings(failures)) == [Level.OK]

    story.run("backup", ago(hours=1), state=State.FAILED)
    story.configured(make_job("another"))

    assert levels(looks.findings(failures)) == [Level.OK]


def test_a_pause_without_an_end_is_a_warning_after_a_week(looks: Looks) -> None:
    story = backup(looks)
    with transaction(story.db):
        pause(story.db, ["backup"], until=None, reason=None, by="root", at=ago(days=9))

    (finding,) = looks.findings(pauses)

    assert (finding.level, finding.fix) == (Level.WARNING, "flowcron resume backup")
    assert finding.text == "backup is paused without an end since 9d"


def test_a_pause_with_an_end_or_of_this_week_is_not_forgotten() -> None:
    def paused(days: int, until: int | None) -> Pause:
        return Pause("backup", 1, ago(days=days), until and ago(days=-until), None, "root")  # type: ignore[arg-type]

    assert is_forgotten(paused(7, None), SUNDAY)
    assert not is_forgotten(paused(6, None), SUNDAY)
    assert not is_forgotten(paused(30, 5), SUNDAY)
