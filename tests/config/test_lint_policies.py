"""What check says about policies that are allowed and yet probably not meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcron.config.lint_files import warnings_about_files
from flowcron.config.load import load
from flowcron.errors import Problem

READ_ONLY = Path("/proc/sys")


def warnings(folder: Path, text: str) -> tuple[Problem, ...]:
    path = folder / "schedules.toml"
    path.write_text(text, encoding="utf-8")
    return load(path).warnings


def job(lines: str, name: str = "a") -> str:
    return f'[jobs.{name}]\ncommand = "true"\n{lines}\n'


def marked(problem: Problem) -> str:
    return problem.source[problem.column - 1 : problem.column - 1 + problem.width]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "the next ones are skipped"),
        ('overlap = "queue"', "wait behind it and pile up"),
        ('overlap = "replace"', "the next run ends it before its timeout does"),
        ('overlap = "allow"', "start beside it, without a limit"),
        ('overlap = "allow"\nmax_running = 3', "3 go on at once and the rest wait"),
    ],
)
def test_a_timeout_longer_than_the_interval_says_what_then_happens(
    tmp_path: Path, lines: str, says: str
) -> None:
    (warning,) = warnings(tmp_path, job(f'every = "5m"\ntimeout = "6m"\n{lines}'))

    assert warning.code == "long-timeout"
    assert says in (warning.help or "")


@pytest.mark.parametrize(
    ("text", "code", "mark", "says"),
    [
        (job('timeout = "1h"\nslow_after = "1h"'), "never-slow", '"1h"', "ends it after 1h"),
        (
            '[defaults]\nslow_after = "1h"\n' + job('timeout = "5m"'),
            "never-slow",
            '"5m"',
            "slow_after is 1h; write one shorter",
        ),
        (
            job("retry = { times = 1, exit_codes = [75, 0] }"),
            "success-code",
            "0",
            "exit code 0 is a success",
        ),
        (
            job("success_codes = [3]\nretry = { times = 1, stop_exit_codes = [3] }"),
            "success-code",
            "3",
            "leave it out of stop_exit_codes",
        ),
        (job('memory = "9MB"'), "little-memory", '"9MB"', "write 10MB up"),
        (job("priority = 5"), "priority", "5", "put it into a pool"),
        ("[pools]\ndb = 1\n" + job(""), "unused-pool", "db", 'no job is in pool "db"'),
    ],
)
def test_what_is_probably_not_meant_is_told_with_its_place(
    tmp_path: Path, text: str, code: str, mark: str, says: str
) -> None:
    (warning,) = warnings(tmp_path, text)

    assert warning.warning
    assert (warning.code, marked(warning)) == (code, mark)
    assert says in f"{warning.message}; {warning.help}"


@pytest.mark.parametrize(
    "text",
    [
        job('timeout = "1h"\nslow_after = "59m"'),
        '[defaults]\nslow_after = "1h"\ntimeout = "5m"\n' + job(""),
        job("retry = { times = 1, exit_codes = [75] }"),
        job('memory = "10MB"'),
        "[defaults]\npriority = 1\n" + job(""),
        "[scheduler]\nmax_running = 4\n" + job("priority = 5"),
        '[pools]\ndb = 1\n[defaults]\npool = "db"\n' + job("priority = 5"),
    ],
)
def test_what_is_fine_is_no_warning(tmp_path: Path, text: str) -> None:
    assert warnings(tmp_path, text) == ()


def test_a_pool_that_only_another_file_uses_is_used(tmp_path: Path) -> None:
    (tmp_path / "schedules.d").mkdir()
    (tmp_path / "schedules.d" / "x.toml").write_text(job('pool = "db"', name="b"), encoding="utf-8")

    assert warnings(tmp_path, "[pools]\ndb = 1\n" + job("")) == ()


def about_files(folder: Path, text: str) -> tuple[Problem, ...]:
    path = folder / "schedules.toml"
    path.write_text(text, encoding="utf-8")
    return warnings_about_files(load(path))


@pytest.mark.parametrize("file", ["nowhere/x.gz", "nowhere/*/x-*.gz", "{folder}/nowhere/x"])
def test_a_file_in_a_folder_that_is_not_there_is_told(tmp_path: Path, file: str) -> None:
    named = file.format(folder=tmp_path)

    (warning,) = about_files(tmp_path, job(f'expect = {{ file = "{named}" }}'))

    assert warning.code == "expect"
    assert warning.message == f"the folder {tmp_path / 'nowhere'} does not exist"
    assert marked(warning) == f'"{named}"'


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").touch()

    (warning,) = about_files(tmp_path, job('expect = { file = "x/y" }'))

    assert warning.message == f"the folder {tmp_path / 'x'} is no folder"


def test_files_in_folders_that_are_there_are_fine(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    jobs = (
        job('expect = { file = "x-*.gz", fresh = true }'),
        job('expect = { file = "*/x", fresh = true }\ncwd = "out"', name="b"),
        job('expect = { file = "nowhere/x" }\nenabled = false', name="c"),
        job('expect = { min_output = "1B" }', name="d"),
    )

    assert about_files(tmp_path, "".join(jobs)) == ()


@pytest.mark.skipif(not READ_ONLY.is_dir(), reason="needs a folder that not even root can write")
def test_a_folder_that_cannot_be_written_is_told_where_a_fresh_file_is_expected(
    tmp_path: Path,
) -> None:
    found = about_files(tmp_path, job(f'expect = {{ file = "{READ_ONLY}/x", fresh = true }}'))
    not_fresh = about_files(tmp_path, job(f'expect = {{ file = "{READ_ONLY}/x" }}'))

    assert [each.message for each in found] == [f"the folder {READ_ONLY} cannot be written"]
    assert not_fresh == ()
