"""flowcron list."""

from __future__ import annotations

import json

import pytest

from fakes import make_job
from flowcron.cli.list import FIELDS
from flowcron.domain.job import After, Cron
from flowcron.domain.job import Condition as When
from flowcron.domain.run import State
from rows import ago
from terminal import Cli

BROKEN = "[jobs.backup\n"


def test_for_people_each_job_says_when_it_runs_and_how_it_went(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("list", columns=130)

    assert said.lines[0].split("  ")[-1] == "LAST 14"
    rows = {line.split()[1]: line for line in said.lines[1:]}
    assert "every day at 03:00" in rows["backup"]
    assert "03:00 · in 7h" in rows["backup"]
    assert "tomorrow 18:30" in rows["extract"]
    assert "● running 17m of ~22m" in rows["extract"]
    assert "✗ 2d ago · exit 2 · 3 in a row" in rows["daily-kpis"]
    assert "in 41s" in rows["ping"]
    assert "disabled" in rows["cleanup"]
    assert "Sundays at 02:00 America/New_York" in rows["cleanup"]
    assert "by hand" in rows["by-hand"]
    assert rows["backup"].endswith("▄▄▄▄▄▄▄▄▄▄▄▄▄!")
    assert "7 jobs · 1 running · 1 failing · 1 disabled" in said.err


@pytest.mark.parametrize(
    ("columns", "titles"),
    [
        (120, ["JOB", "SCHEDULE", "NEXT", "LAST", "TOOK", "LAST 14"]),
        (80, ["JOB", "SCHEDULE", "NEXT", "LAST", "TOOK"]),
        (60, ["JOB", "NEXT", "LAST"]),
    ],
)
def test_on_narrow_screens_columns_go(evening_cli: Cli, columns: int, titles: list[str]) -> None:
    said = evening_cli.on_terminal("list", columns=columns)

    assert [title for title in said.lines[0].split("  ") if title.strip()][-1].strip() == titles[-1]
    assert all(title in said.lines[0] for title in titles)
    assert max(map(len, said.lines)) <= columns


@pytest.mark.parametrize(
    ("command", "columns"), [("list", 60), ("list", 80), ("history", 64), ("history", 80)]
)
def test_names_of_jobs_are_whole_while_others_can_give_way(
    cli: Cli, command: str, columns: int
) -> None:
    name = "nightly-warehouse-export-eu"
    cron = Cron("0 3 * * *", "Europe/Berlin")
    story = cli.story()
    story.configured(make_job(name, when=(cron,)), make_job("b"))
    story.run(name, ago(hours=1), state=State.FAILED, reason="exit 1 · " + "x" * 60)

    said = cli.on_terminal(command, columns=columns)

    assert name in said.lines[1]
    assert max(map(len, said.lines)) <= columns


def test_programs_get_records(evening_cli: Cli) -> None:
    said = json.loads(evening_cli.piped("list", "--json").out)

    assert said["schema"] == "flowcron.jobs/1"
    assert all(tuple(job) == FIELDS for job in said["jobs"])
    kpis = next(job for job in said["jobs"] if job["job"] == "daily-kpis")
    assert kpis == {
        "job": "daily-kpis",
        "state": "failing",
        "schedule": "weekdays at 07:00",
        "enabled": True,
        "next": "2026-11-23T07:00:00+01:00",
        "last_run": 91,
        "last_state": "failed",
        "last_at": "2026-11-20T19:48:19+01:00",
        "last_duration": 41.0,
        "usual_duration": None,
        "failures": 3,
        "muted": False,
        "after": [],
    }


CHAIN = (
    make_job("load", when=(After(("clean", "check")),)),
    make_job("extract"),
    make_job("clean", when=(After(("extract",)),)),
    make_job("other"),
    make_job("check", when=(After(("extract",), When.ALWAYS),)),
    make_job("nightly"),
    make_job("report", when=(After(("nightly",), When.FAILURE),)),
)


def test_a_chain_is_a_tree_and_a_job_after_several_stands_once(cli: Cli) -> None:
    cli.story().configured(*CHAIN)

    lines = cli.on_terminal("list", columns=100).lines[1:]
    by_name = cli.on_terminal("list", "--sort", "name").lines[1:]
    said = json.loads(cli.piped("list", "--json", "job,after").out)["jobs"]

    assert [" ".join(line.partition(" —")[0].split()) for line in lines] == [
        "extract by hand",
        "├─ clean after extract",
        "├─ check after extract, however it ends",
        "└─ load after clean and check",
        "other by hand",
        "nightly by hand",
        "└─ report after nightly failed",
    ]
    assert not [line for line in by_name if "─ " in line]
    assert said[0] == {"job": "load", "after": ["clean", "check"]}


def test_a_chain_of_which_only_a_part_is_shown_is_a_tree_where_its_beginning_is(cli: Cli) -> None:
    cli.story().configured(*CHAIN)

    def jobs(*names: str) -> list[str]:
        return [line.split("  ")[1].strip() for line in cli.on_terminal("list", *names).lines[1:]]

    assert jobs("extract", "load") == ["extract", "└─ load"]
    assert jobs("check", "load") == ["load", "check"]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_tree_fits_the_screen(cli: Cli, columns: int) -> None:
    cli.story().configured(*CHAIN)

    said = cli.on_terminal("list", columns=columns)

    assert max(map(len, said.lines)) <= columns
    assert "└─ load" in said.out


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("backup", "p*"), ["backup", "ping"]),
        (("--state", "failing"), ["daily-kpis"]),
        (("--state", "running"), ["extract"]),
        (("--sort", "name", "*e*"), ["cert-renew", "cleanup", "extract"]),
        (("--sort", "next", "backup", "ping"), ["ping", "backup"]),
        (("--tag", "nobody"), []),
    ],
)
def test_jobs_can_be_chosen(evening_cli: Cli, arguments: tuple[str, ...], names: list[str]) -> None:
    said = json.loads(evening_cli.piped("list", *arguments, "--json", "job").out)

    assert [job["job"] for job in said["jobs"]] == names


def test_a_changed_configuration_is_read_anew(evening_cli: Cli) -> None:
    config = evening_cli.folder / "schedules.toml"
    config.write_text('[jobs.other]\nevery = "1m"\ncommand = "true"\n', encoding="utf-8")

    assert [line.split("\t")[0] for line in evening_cli.piped("list").lines] == ["other"]


def test_while_the_configuration_is_broken_it_shows_what_was_loaded_last(evening_cli: Cli) -> None:
    (evening_cli.folder / "schedules.toml").write_text(BROKEN, encoding="utf-8")

    said = evening_cli.piped("list")

    assert said.code == 0
    assert len(said.lines) == 7
    assert "has a mistake; these are the jobs loaded last" in said.err


def test_a_broken_configuration_that_never_was_loaded_is_explained(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(BROKEN, encoding="utf-8")

    assert cli.piped("list").code == 3


def test_an_unknown_job_is_said_with_the_near_one(evening_cli: Cli) -> None:
    said = evening_cli.piped("list", "bakcup")

    assert said.code == 4
    assert 'did you mean "backup"?' in said.err


def test_a_history_alone_is_enough(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup"))

    assert cli.piped("list").lines[0].startswith("backup\tnew\tby hand\ttrue")
