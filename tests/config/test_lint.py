"""What check says about schedules that are allowed and yet probably not meant."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flowcron.config.lint_times import warnings_about_times
from flowcron.config.load import load
from flowcron.errors import Problem
from rows import SUNDAY


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")


def problems(folder: Path, text: str) -> list[Problem]:
    path = folder / "schedules.toml"
    path.write_text(text, encoding="utf-8")
    config = load(path)
    return [*config.warnings, *warnings_about_times(config, SUNDAY)]


def job(cron: str, name: str = "a", more: str = "") -> str:
    return f'[jobs.{name}]\ncommand = "true"\ncron = {cron}\n{more}\n'


def codes(folder: Path, text: str) -> list[str]:
    return [problem.code for problem in problems(folder, text)]


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ("30 4 1,15 * 5", "a day that matches either is enough"),
        ("0 0 */2 * 1", "a day must match both"),
        ("0 0 1 * */2", "a day must match both"),
    ],
)
def test_the_day_rule_is_explained_where_both_day_fields_say_something(
    tmp_path: Path, cron: str, message: str
) -> None:
    (problem,) = [each for each in problems(tmp_path, job(f'"{cron}"')) if each.code == "day-rule"]

    assert message in problem.message
    assert problem.line == 3
    assert problem.source[problem.column - 1 :][: problem.width] == " ".join(cron.split()[2:])


@pytest.mark.parametrize(
    "cron", ["0 5 1 * *", "0 5 * * 1", "0 5 1 * 0-6", "0 5 1-31 * 1", "@weekly", "0 5 * * MON#1"]
)
def test_one_restricted_day_field_needs_no_explanation(tmp_path: Path, cron: str) -> None:
    assert codes(tmp_path, job(f'"{cron}"')) == []


def test_a_fixed_time_that_the_clocks_will_touch_is_told_with_its_dates(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, job('["@daily", "@every 5m", "30 2 * * *"]'))

    assert problem.code == "clock-change"
    assert problem.message == (
        "02:30 does not exist on 28 March 2027 and happens twice on 31 October 2027 (Europe/Berlin)"
    )
    assert problem.help == (
        "on 28 March 2027 it runs at 03:00; on 31 October 2027 it runs the first time only"
    )
    assert problem.source[problem.column - 1 :][: problem.width] == '"30 2 * * *"'


def test_the_zone_of_the_job_decides_and_only_its_own_times_count(tmp_path: Path) -> None:
    here = 'timezone = "America/New_York"'

    (problem,) = problems(tmp_path, job('"15,45 1 * * *"', more=here))

    assert problem.message == ("01:15 and 01:45 happen twice on 7 November 2027 (America/New_York)")


@pytest.mark.parametrize(
    ("cron", "zone"),
    [
        ("30 4 * * *", "Europe/Berlin"),
        ("*/15 2 * * *", "Europe/Berlin"),
        ("30 2 * * *", "UTC"),
        ("30 2 * * *", "Asia/Tokyo"),
        ("30 2 * 7 *", "Europe/Berlin"),
    ],
)
def test_times_that_no_clock_change_touches_are_left_alone(
    tmp_path: Path, cron: str, zone: str
) -> None:
    assert codes(tmp_path, job(f'"{cron}"', more=f'timezone = "{zone}"')) == []


@pytest.mark.parametrize(
    ("cron", "message", "next_time"),
    [
        ("0 5 29 2 *", "on 29 February only", "29 February 2028"),
        ("0 5 * 2 MON#5", "less than once a year", "29 February 2044"),
        ("0 5 1 1 */7", "less than once a year", "1 January 2034"),
    ],
)
def test_what_is_due_less_than_once_a_year_says_when(
    tmp_path: Path, cron: str, message: str, next_time: str
) -> None:
    (problem,) = [each for each in problems(tmp_path, job(f'"{cron}"')) if each.code == "rare"]

    assert message in problem.message
    assert problem.help is not None
    assert next_time in problem.help


def test_once_a_year_is_often_enough(tmp_path: Path) -> None:
    assert codes(tmp_path, job('"@yearly"')) == []


def test_many_jobs_in_one_minute_are_told_once(tmp_path: Path) -> None:
    text = "".join(job('"0 5 * * *"', name=f"a{number}") for number in range(12))

    (problem,) = problems(tmp_path, text)

    assert problem.code == "crowd"
    assert problem.message == "12 jobs are due at 05:00: a0, a1, a2 and 9 more"
    assert problem.line == 3


def test_many_jobs_in_many_same_minutes_are_one_crowd(tmp_path: Path) -> None:
    text = "".join(job('"*/30 * * * *"', name=f"a{number}") for number in range(11))

    (problem,) = problems(tmp_path, text)

    assert "11 jobs are due at 00:00 and in 47 more minutes of the day" in problem.message


@pytest.mark.parametrize(
    "crons",
    [
        ["0 5 * * *"] * 10,
        [f"{minute} 5 * * *" for minute in range(20)],
        ["0 5 * * 1"] * 6 + ["0 5 * * 2"] * 6,
        ["0 5 1 * *"] * 6 + ["0 5 2 * *"] * 6,
    ],
)
def test_jobs_that_do_not_meet_are_no_crowd(tmp_path: Path, crons: list[str]) -> None:
    text = "".join(job(f'"{cron}"', name=f"a{number}") for number, cron in enumerate(crons))

    assert codes(tmp_path, text) == []


def test_jobs_that_meet_on_some_days_only_are_a_crowd(tmp_path: Path) -> None:
    crons = ["0 5 * * *"] * 6 + ["0 5 * * 1-5"] * 3 + ["0 5 1 * *"] * 5
    text = "".join(job(f'"{cron}"', name=f"a{number}") for number, cron in enumerate(crons))

    (problem,) = problems(tmp_path, text)

    assert problem.message.startswith("11 jobs are due at 05:00")  # on the first of a month


@pytest.mark.parametrize("more", ["enabled = false", 'jitter = "5m"'])
def test_jobs_that_do_not_start_together_are_no_crowd(tmp_path: Path, more: str) -> None:
    text = "".join(job('"0 5 * * *"', name=f"a{n}", more=more) for n in range(12))

    assert codes(tmp_path, text) == []


def test_a_warning_is_told_of_the_file_it_stands_in(tmp_path: Path) -> None:
    (tmp_path / "schedules.d").mkdir()
    other = tmp_path / "schedules.d" / "other.toml"
    other.write_text(job('"30 2 * * *"', name="b"), encoding="utf-8")

    (problem,) = problems(tmp_path, job('"0 5 * * *"'))

    assert (problem.file, problem.line) == (str(other), 3)


def test_a_file_that_has_changed_since_it_was_loaded_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text(job('"30 2 * * *"'), encoding="utf-8")
    config = load(path)

    path.write_text("# nothing", encoding="utf-8")

    assert warnings_about_times(config, SUNDAY) == ()


@pytest.mark.slow
def test_ten_thousand_jobs_are_judged_in_seconds(tmp_path: Path) -> None:
    text = "".join(
        job(f'"{n % 60} {n // 60 % 24} * * {n % 7}"', name=f"a{n}") for n in range(10_000)
    )
    path = tmp_path / "schedules.toml"
    path.write_text(text, encoding="utf-8")
    config = load(path)

    began = time.perf_counter()
    warnings_about_times(config, SUNDAY)

    assert time.perf_counter() - began < 10
