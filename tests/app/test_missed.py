"""A scheduler that was down for three hours: what each kind of job does about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from fakes import poll
from faketime_clock import NEEDS_FAKETIME, WallClock
from flowcron.domain.instant import SECOND, Instant, moment
from installed import Installed, installed_in

pytestmark = NEEDS_FAKETIME

BEFORE = datetime(2027, 3, 1, 12, 1, 5, tzinfo=UTC)
AFTERWARDS = datetime(2027, 3, 1, 15, 1, 15, tzinfo=UTC)
QUARTERS = [datetime(2027, 3, 1, 12, tzinfo=UTC) + n * timedelta(minutes=15) for n in range(1, 13)]
FIXED, WILD, EVERY = 'cron = "0,15,30,45 0-23 * * *"', 'cron = "*/15 * * * *"', 'every = "15m"'
TINY = 'every = "10s"'
JOBS = {
    "fixed-once": f'{FIXED}\nmissed = "once"',
    "fixed-all": f'{FIXED}\nmissed = "all"',
    "fixed-skip": f'{FIXED}\nmissed = "skip"',
    "fixed-default": FIXED,
    "fixed-once-within": f'{FIXED}\nmissed = "once"\nmissed_within = "1h"',
    "fixed-all-within": f'{FIXED}\nmissed = "all"\nmissed_within = "1h"',
    "fixed-late": 'cron = "1 0-23 * * *"\nmissed = "skip"',
    "wild-once": f'{WILD}\nmissed = "once"',
    "wild-all": f'{WILD}\nmissed = "all"',
    "wild-skip": f'{WILD}\nmissed = "skip"',
    "wild-default": WILD,
    "every-once": f'{EVERY}\nmissed = "once"',
    "every-all": f'{EVERY}\nmissed = "all"',
    "every-skip": f'{EVERY}\nmissed = "skip"',
    "every-default": EVERY,
    "tiny-once": f'{TINY}\nmissed = "once"',
    "tiny-all": f'{TINY}\nmissed = "all"',
    "tiny-once-within": f'{TINY}\nmissed = "once"\nmissed_within = "1s"',
    "tiny-default": TINY,
}
COMMAND = "for word in begin end; do echo $FLOWCRON_JOB $word $FLOWCRON_SCHEDULED_AT; done >> seen"


class Row(NamedTuple):
    """What was recorded about one time."""

    at: datetime
    trigger: str
    state: str
    covers: int | None = None
    reason: str | None = None


class Downtime(NamedTuple):
    """What is left of two schedulers with three hours between them."""

    flowcron: Installed
    last_before: int
    cursors: dict[str, int]

    def rows(self, job: str) -> list[Row]:
        """Return what the second scheduler recorded about a job."""
        rows = self.flowcron.rows(
            'SELECT scheduled_at, "trigger", state, covers, reason '
            "FROM runs JOIN jobs ON jobs.id = job_id WHERE name = ? AND runs.id > ? "
            "ORDER BY runs.id",
            job,
            self.last_before,
        )
        return [Row(moment(at), *rest) for at, *rest in rows]

    def seen_by(self, job: str) -> list[str]:
        """Return what the runs of a job wrote: begin or end, and what they knew as their time."""
        lines = (self.flowcron.folder / "seen").read_text().splitlines()
        return [line.removeprefix(f"{job} ") for line in lines if line.startswith(f"{job} ")]


@pytest.fixture(scope="module")
def downtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Downtime]:
    with installed_in(tmp_path_factory.mktemp("downtime")) as flowcron:
        yield _three_hours(flowcron)


def _three_hours(flowcron: Installed) -> Downtime:
    flowcron.configure(
        "\n".join(f"[jobs.{name}]\n{when}\ncommand = '{COMMAND}'" for name, when in JOBS.items())
    )
    wall = WallClock(flowcron.folder / "clock", at=BEFORE)
    first = flowcron.start_and_wait(**wall.environment)
    assert flowcron.stop(first) == 0
    last = flowcron.rows("SELECT coalesce(max(id), 0) FROM runs")[0][0]
    cursors = dict(flowcron.rows("SELECT name, decided_through FROM jobs"))

    wall.set(AFTERWARDS)
    second = flowcron.start_and_wait(**wall.environment)
    poll(lambda: _is_settled(flowcron, since=last))
    assert flowcron.stop(second) == 0
    return Downtime(flowcron, last, cursors)


def _is_settled(flowcron: Installed, *, since: int) -> bool:
    ((jobs,),) = flowcron.rows("SELECT count(DISTINCT job_id) FROM runs WHERE id > ?", since)
    unfinished = flowcron.rows("SELECT 1 FROM runs WHERE state IN ('queued', 'running')")
    return jobs == len(JOBS) and not unfinished


def passed_over(times: list[datetime], reason: str) -> list[Row]:
    return [Row(at, "schedule", "missed", None, reason) for at in times]


def made_up(times: list[datetime], covers: int | None = None) -> list[Row]:
    return [Row(at, "catch-up", "success", covers) for at in times]


@pytest.mark.parametrize("job", ["fixed-once", "fixed-default", "wild-once", "every-once"])
def test_once_runs_the_latest_time_for_all_and_is_the_default_of_fixed_times(
    downtime: Downtime, job: str
) -> None:
    earlier = passed_over(QUARTERS[:-1], "a later time ran in its place")

    assert downtime.rows(job) == earlier + made_up(QUARTERS[-1:], covers=12)


@pytest.mark.parametrize("job", ["fixed-all", "wild-all", "every-all"])
def test_all_runs_each_time_oldest_first_and_one_after_the_other(
    downtime: Downtime, job: str
) -> None:
    assert downtime.rows(job) == made_up(QUARTERS)
    assert downtime.seen_by(job) == [
        f"{word} {at.isoformat()}" for at in QUARTERS for word in ("begin", "end")
    ]


@pytest.mark.parametrize(
    "job", ["fixed-skip", "wild-skip", "wild-default", "every-skip", "every-default"]
)
def test_skip_only_records_and_is_the_default_of_wildcards_and_periods(
    downtime: Downtime, job: str
) -> None:
    assert downtime.rows(job) == passed_over(QUARTERS, 'missed = "skip"')
    assert downtime.seen_by(job) == []


def test_a_caught_up_run_sees_its_own_time(downtime: Downtime) -> None:
    assert downtime.seen_by("fixed-once") == [
        "begin 2027-03-01T15:00:00+00:00",
        "end 2027-03-01T15:00:00+00:00",
    ]


def test_missed_within_bounds_how_old_a_time_may_be(downtime: Downtime) -> None:
    too_old = passed_over(QUARTERS[:8], "older than missed_within")
    in_between = passed_over(QUARTERS[8:11], "a later time ran in its place")

    assert downtime.rows("fixed-all-within") == too_old + made_up(QUARTERS[8:])
    assert downtime.rows("fixed-once-within") == (
        too_old + in_between + made_up(QUARTERS[-1:], covers=4)
    )


def test_a_time_that_is_less_than_a_minute_late_just_runs(downtime: Downtime) -> None:
    missed = [datetime(2027, 3, 1, hour, 1, tzinfo=UTC) for hour in (13, 14)]
    late = datetime(2027, 3, 1, 15, 1, tzinfo=UTC)

    assert downtime.rows("fixed-late") == [
        *passed_over(missed, 'missed = "skip"'),
        Row(late, "schedule", "success"),
    ]


@pytest.mark.parametrize("job", ["tiny-once", "tiny-all"])
def test_more_than_a_thousand_missed_times_are_made_up_by_one_run(
    downtime: Downtime, job: str
) -> None:
    first, *others = downtime.rows(job)

    number = _count(downtime.cursors[job], first.at)
    assert number > 1000
    assert first.at > AFTERWARDS - timedelta(seconds=20)
    (expected,) = made_up([first.at], covers=number)
    assert first == expected._replace(reason=f"stands for {number:,} missed times")
    assert downtime.seen_by(job)[0] == f"begin {first.at.isoformat()}"
    assert len(others) < 10


@pytest.mark.parametrize("job", ["tiny-once-within", "tiny-default"])
def test_more_than_a_thousand_missed_times_are_one_row(downtime: Downtime, job: str) -> None:
    first, *others = downtime.rows(job)

    number = _count(downtime.cursors[job], first.at)
    assert number > 1000
    assert first == Row(
        first.at, "schedule", "missed", number, f"stands for {number:,} missed times"
    )
    assert {other.state for other in others} <= {"success"}


def _count(since: int, until: datetime) -> int:
    """Return how many multiples of ten seconds there are."""
    ten = 10 * SECOND
    return int(until.timestamp()) * SECOND // ten - Instant(since) // ten
