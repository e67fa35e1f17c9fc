"""flowcron init, check and schema."""

from __future__ import annotations

import json

import pytest

from terminal import Cli

GOOD = """
[jobs.backup]
cron = "0 3 * * *"
timezone = "Europe/Berlin"
command = "true"
timeout = "1h"
"""
BAD = '[jobs.backup]\nevery = "10x"\ncommand = "true"\n\n[jobs.load]\ncron = "61 * * * *"\n'


@pytest.mark.parametrize("which", [(), ("--minimal",), ("--full",)])
def test_what_init_writes_has_no_problems(cli: Cli, which: tuple[str, ...]) -> None:
    cli.environment.delenv("FLOWCRON_DB")

    made = cli.on_terminal("init", *which)
    checked = cli.piped("check", "--strict")

    assert made.code == 0
    assert made.lines[0].startswith("✓ schedules.toml    (")
    assert made.lines[1] == "✓ .flowcron/        (history and logs; ignored by git)"
    assert (cli.folder / ".flowcron/.gitignore").read_text(encoding="utf-8") == "*\n"
    assert (cli.folder / ".flowcron").stat().st_mode & 0o777 == 0o700
    assert checked.code == 0
    assert "no problems" in checked.out


def test_init_never_replaces_a_file_unasked(cli: Cli) -> None:
    config = cli.folder / "schedules.toml"
    config.write_text("mine", encoding="utf-8")

    refused = cli.piped("init")

    assert refused.code == 6
    assert "schedules.toml is there already" in refused.err
    assert config.read_text(encoding="utf-8") == "mine"
    assert cli.piped("init", "--force").code == 0
    assert "[jobs.hello]" in config.read_text(encoding="utf-8")


def test_init_writes_where_it_is_told(cli: Cli) -> None:
    assert cli.piped("init", "sub/other.toml", "--minimal").code == 0
    assert cli.piped("check", "sub/other.toml").code == 0

    (cli.folder / "file").touch()
    assert "cannot be written" in cli.piped("init", "file/other.toml").err


def test_every_mistake_is_shown_with_its_place(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(BAD, encoding="utf-8")

    said = cli.on_terminal("check")

    assert said.code == 3
    assert said.lines[:6] == [
        'error[duration]: "10x" is not a duration',
        " --> schedules.toml:2:9",
        "  |",
        '2 | every = "10x"',
        "  |         ^^^^^",
        '  = help: write a number and a unit: "10s", "5m", "1h30m", "2d"',
    ]
    assert "61 is outside 0-59" in said.out
    assert said.lines[-1].startswith("✗ 3 errors")
    assert said.lines[-1].endswith("in schedules.toml")


def test_a_good_file_says_what_is_next(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(GOOD, encoding="utf-8")

    said = cli.on_terminal("check")

    assert said.code == 0
    assert said.lines == [
        "✓ schedules.toml: 1 job, no problems",
        "  next: backup tomorrow 03:00, in 7h 11m",
    ]
    assert cli.piped("check", "-q").out == ""


def test_a_file_without_a_job_is_no_mistake_and_said(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text("[defaults]\n", encoding="utf-8")

    said = cli.piped("check")

    assert (said.code, said.out) == (0, "✓ schedules.toml: 0 jobs, no problems\n")
    assert "schedules.toml has no job" in said.err


def test_warnings_matter_when_strict(cli: Cli) -> None:
    text = GOOD.replace("0 3 * * *", "*/7 * * * *").replace("1h", "30s")
    (cli.folder / "schedules.toml").write_text(text, encoding="utf-8")

    assert cli.piped("check").code == 0
    assert "warning" in cli.piped("check").out
    assert cli.piped("check", "--strict").code == 3


def test_times_that_the_clocks_will_touch_are_warned_of(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(GOOD.replace("0 3", "30 2"), encoding="utf-8")

    said = cli.on_terminal("check")

    assert said.code == 0
    assert "warning[clock-change]: 02:30 does not exist on 28 March 2027" in said.out
    assert "✓ schedules.toml: 1 job, 1 warning" in said.lines


def test_programs_get_the_problems(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(BAD, encoding="utf-8")

    for arguments in (("-o", "json"), ("--json",), ("--format", "json")):
        said = cli.piped("check", *arguments)
        document = json.loads(said.out)
        assert said.code == 3
        assert document["schema"] == "flowcron.check/1"
        assert document["problems"][0]["code"] == "duration"
        assert document["problems"][0]["line"] == 2


def test_github_gets_annotations(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(BAD, encoding="utf-8")

    first = cli.piped("check", "-o", "github").lines[0]

    assert first.startswith("::error file=schedules.toml,title=duration,line=2,col=9::")


def test_a_file_that_is_not_there_is_a_problem_of_its_own(cli: Cli) -> None:
    said = cli.piped("check", "nowhere.toml")

    assert said.code == 3
    assert "nowhere.toml" in said.out


def test_the_schema_is_json(cli: Cli) -> None:
    assert json.loads(cli.piped("schema").out)["$schema"].startswith("https://json-schema.org/")
