"""flowcron next."""

from __future__ import annotations

import json

import pytest

from terminal import Cli


def test_for_people_each_job_has_its_next_time(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("next", columns=100)

    assert said.lines == [
        "WHEN                       JOB         WHAT",
        "today 19:49     in 41s     ping        every minute",
        "tomorrow 03:00  in 7h 11m  backup      every day at 03:00",
        "tomorrow 04:17  in 8h 28m  cert-renew  every day at 04:17 and 16:17",
        "tomorrow 07:00  in 11h     daily-kpis  weekdays at 07:00",
        "tomorrow 18:30  in 22h     extract     every day at 18:30",
    ]


def test_a_cron_expression_needs_no_configuration(cli: Cli) -> None:
    said = json.loads(cli.piped("next", "*/15 9-17 * * 1-5", "-n", "2", "--json").out)

    assert said == {
        "schema": "flowcron.next/1",
        "fires": [
            {"job": "*/15 9-17 * * 1-5", "at": "2026-11-23T09:00:00+01:00", "note": None},
            {"job": "*/15 9-17 * * 1-5", "at": "2026-11-23T09:15:00+01:00", "note": None},
        ],
    }


@pytest.mark.parametrize(
    ("begin", "at", "note"),
    [
        ("2027-03-28", "2027-03-28T03:00:00+02:00", "clocks go forward"),
        ("2027-10-31", "2027-10-31T02:30:00+02:00", "happens twice: only the first time"),
        ("2027-11-01", "2027-11-01T02:30:00+01:00", None),
    ],
)
def test_what_a_clock_change_does_is_said(cli: Cli, begin: str, at: str, note: str | None) -> None:
    said = cli.piped("next", "30 2 * * *", "--from", begin, "-n", "1", "--json")

    (fire,) = json.loads(said.out)["fires"]
    assert fire["at"] == at
    assert fire["note"] is None if note is None else note in fire["note"]


def test_until_is_a_horizon(evening_cli: Cli) -> None:
    said = evening_cli.piped("next", "backup", "extract", "--until", "2d")

    assert [line.split("\t")[:2] for line in said.lines] == [
        ["backup", "2026-11-23T03:00:00+01:00"],
        ["extract", "2026-11-23T18:30:00+01:00"],
        ["backup", "2026-11-24T03:00:00+01:00"],
        ["extract", "2026-11-24T18:30:00+01:00"],
    ]


def test_the_zone_of_an_expression_is_the_one_asked_for(cli: Cli) -> None:
    said = cli.piped("next", "@daily", "-n", "1", "--tz", "America/New_York")

    assert "2026-11-23T00:00:00-05:00" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("61 * * * *",), 2, "61 is outside 0-59"),
        (("* * * * * *",), 2, "a schedule has five fields, this has 6"),
        (("@never",), 2, "@never"),
        (("bakcup",), 4, 'did you mean "backup"?'),
        (("--until", "later"), 2, '"later" is not a time'),
    ],
)
def test_mistakes_are_explained(
    evening_cli: Cli, arguments: tuple[str, ...], code: int, message: str
) -> None:
    said = evening_cli.piped("next", *arguments)

    assert said.code == code
    assert message in said.err


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_it_fits_the_screen(evening_cli: Cli, columns: int) -> None:
    said = evening_cli.on_terminal("next", columns=columns)

    assert max(map(len, said.lines)) <= columns
