"""flowcron next."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from fakes import make_job
from flowcron.domain.job import AfterEnd, Cron, OnStart
from flowcron.history.database import transaction
from flowcron.history.pauses import pause
from rows import SUNDAY, at
from terminal import Cli

MINUTE = timedelta(minutes=1)


def fires(cli: Cli, *arguments: str) -> list[dict[str, str | None]]:
    said = cli.piped("next", *arguments, "--json")
    assert said.code == 0, said.err
    found: list[dict[str, str | None]] = json.loads(said.out)["fires"]
    return found


def times(cli: Cli, *arguments: str) -> list[str | None]:
    return [fire["at"] for fire in fires(cli, *arguments)]


def test_for_people_each_job_has_its_next_time(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("next", columns=100)

    assert said.lines == [
        "WHEN                       JOB         WHAT",
        "today 19:49     in 41s     ping        every minute",
        "tomorrow 03:00  in 7h 11m  backup      every day at 03:00 · usually 4m",
        "tomorrow 04:17  in 8h 28m  cert-renew  every day at 04:17 and 16:17",
        "tomorrow 07:00  in 11h     daily-kpis  weekdays at 07:00",
        "tomorrow 18:30  in 22h     extract     every day at 18:30 · usually 22m",
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
        (
            "2027-03-28",
            "2027-03-28T03:00:00+02:00",
            "02:30 does not exist, clocks go forward → runs at 03:00",
        ),
        (
            "2027-10-31",
            "2027-10-31T02:30:00+02:00",
            "02:30 happens twice, clocks go back → runs once, the first time",
        ),
        ("2027-11-01", "2027-11-01T02:30:00+01:00", None),
    ],
)
def test_what_a_clock_change_does_is_said(cli: Cli, begin: str, at: str, note: str | None) -> None:
    said = cli.piped("next", "30 2 * * *", "--from", begin, "-n", "1", "--json")

    assert json.loads(said.out)["fires"] == [{"job": "30 2 * * *", "at": at, "note": note}]


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
        (("61 * * * *",), 2, "minute: 61 is outside 0-59 (column 1); write a number from 0 to 59"),
        (("0 8 * * FRI-MON",), 2, "(column 9); write FRI,SAT,SUN,MON"),
        (("5/10 * * * *",), 2, "write 5-59/10"),
        (("0 0 31 2 *",), 2, "this never comes"),
        (("* * * * * *",), 2, "a schedule has five fields, this has 6"),
        (("@never",), 2, "@never"),
        (("*/15", "9-17", "schedules.toml", "1-5"), 2, "put it in quotes"),
        (("@daily", "--tz", "Europe/Pariss"), 2, "unknown time zone"),
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


def test_a_fixed_time_that_happens_twice_runs_once(cli: Cli) -> None:
    found = times(cli, "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2027-10-30", "-n", "3")

    assert found == [
        "2027-10-30T02:30:00+02:00",
        "2027-10-31T02:30:00+02:00",
        "2027-11-01T02:30:00+01:00",
    ]


def test_a_wildcard_runs_every_quarter_of_real_time_through_the_repeated_hour(cli: Cli) -> None:
    begin = ("--tz", "Europe/Berlin", "--from", "2027-10-31T01:45")

    found = fires(cli, "*/15 * * * *", *begin, "-n", "10")

    assert [str(fire["at"])[11:] for fire in found] == [
        "01:45:00+02:00",
        *(f"02:{minute}:00+02:00" for minute in ("00", "15", "30", "45")),
        *(f"02:{minute}:00+01:00" for minute in ("00", "15", "30", "45")),
        "03:00:00+01:00",
    ]
    assert {fire["note"] for fire in found[1:-1]} == {
        "02:00 to 03:00 happens twice, clocks go back → runs both times"
    }


@pytest.mark.parametrize(
    ("cron", "zone", "begin", "at", "note"),
    [
        (
            "0 0 * * *",
            "America/Sao_Paulo",
            "2018-11-04",
            "2018-11-04T01:00:00-02:00",
            "00:00 does not exist, clocks go forward → runs at 01:00",
        ),
        (
            "0,30 2 * * *",
            "Europe/Berlin",
            "2027-03-28",
            "2027-03-28T03:00:00+02:00",
            "02:00 and 02:30 do not exist, clocks go forward → runs once, at 03:00",
        ),
        (
            "*/15 * * * *",
            "Europe/Berlin",
            "2027-03-28T02:00+01:00",
            "2027-03-28T03:00:00+02:00",
            None,
        ),
        (
            "*/20 2 * * *",
            "Europe/Berlin",
            "2027-03-28",
            "2027-03-29T02:00:00+02:00",
            "02:00 to 02:40 on Sun 28 Mar do not exist, clocks go forward → left out",
        ),
        (
            "0 9 * * *",
            "Pacific/Apia",
            "2011-12-30T00:00-10:00",
            "2011-12-31T09:00:00+14:00",
            "09:00 on Fri 30 Dec does not exist, clocks go forward → left out",
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2027-10-03",
            "2027-10-03T02:30:00+11:00",
            "02:15 does not exist, clocks go forward → runs at 02:30",
        ),
    ],
)
def test_each_kind_of_clock_change_is_explained(
    cli: Cli, cron: str, zone: str, begin: str, at: str, note: str | None
) -> None:
    (fire,) = fires(cli, cron, "--tz", zone, "--from", begin, "-n", "1")

    assert fire["at"] == at
    assert note is None or fire["note"] == note


def test_a_note_names_the_zone_of_a_job_where_the_reader_is_elsewhere(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(
        '[jobs.a]\ncommand = "true"\ncron = "30 2 * * *"\ntimezone = "America/New_York"\n',
        encoding="utf-8",
    )

    (fire,) = fires(cli, "a", "--from", "2027-03-14", "-n", "1")

    assert fire["note"] == (
        "02:30 does not exist in America/New_York, clocks go forward → runs at 03:00"
    )


def test_from_is_the_first_time_that_counts_and_until_the_first_that_does_not(cli: Cli) -> None:
    found = times(cli, "0 0 * * *", "--from", "2027-01-01", "--until", "2027-01-03")

    assert [str(at)[:10] for at in found] == ["2027-01-01", "2027-01-02"]


def test_a_length_after_until_counts_from_the_beginning(cli: Cli) -> None:
    found = times(cli, "0 0 * * *", "--from", "2027-01-01", "--until", "3d")

    assert len(found) == 3


def test_there_is_no_horizon(cli: Cli) -> None:
    found = times(cli, "0 0 29 2 */7", "-n", "2")  # a leap day that is a Sunday

    assert [str(at)[:10] for at in found] == ["2032-02-29", "2060-02-29"]


def test_a_time_that_two_lines_of_a_job_share_comes_once(cli: Cli) -> None:
    story = cli.story()
    both = (Cron("0 3 * * *", "Europe/Berlin"), Cron("0 3 * * MON", "Europe/Berlin"))
    story.configured(make_job("backup", when=both))
    story.db.close()

    assert len(set(times(cli, "backup", "-n", "8"))) == 8


def test_an_expression_is_drawn_and_explained(cli: Cli) -> None:
    said = cli.on_terminal("next", "*/15 9-17 * * 1-5", columns=80)

    assert said.lines == [
        "  */15 9-17 * * 1-5    every 15 minutes from 09:00 to 17:45, weekdays",
        "  │    │    │ │ └ weekday 1\u20135 (Mon\u2013Fri)    36 runs a day · 180 a week",
        "  │    │    │ └ every month",
        "  │    │    └ every day of the month",
        "  │    └ hour 9\u201317",
        "  └ minute 0, 15, 30, 45",
        "",
        "  Mon 23 Nov  09:00 09:15 09:30 09:45 10:00 10:15 10:30 10:45 … 17:45",
        "  Tue 24 Nov  09:00 09:15 09:30 09:45 10:00 10:15 10:30 10:45 … 17:45",
    ]


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 8 L * *", "day of month L (the last day)"),
        ("0 8 1,L * *", "day of month 1 and L (the last day)"),
        ("0 8 * * MON#2", "weekday MON#2 (the second Monday of the month)"),
        ("0 8 * * FRIL", "weekday FRIL (the last Friday of the month)"),
        ("0 8 * * SUN", "weekday 0 (Sun)"),
        ("0 8 * 6-8 *", "month 6\u20138 (Jun\u2013Aug)"),
        ("H 3 * * *", "for now: each job gets an H of its own"),
        ("*/7 * * * *", "minute 0, 7, 14, 21, 28, 35, …, 56"),
        ("30 4 1,15 * 5", "a day that matches either of them is enough"),
        ("0 0 */2 * 1", "a day must match both"),
        ("30 4 1,15 * 5", "1 run a day · about 72 a year"),
        ("0 0 29 2 *", "less than one such day a year"),
        ("@daily", "1 run a day · 7 a week"),
        ("@every 90s", "every 1m30s"),
        ("@reboot", "once per boot"),
    ],
)
def test_what_is_special_about_an_expression_is_said(cli: Cli, cron: str, said: str) -> None:
    assert said in cli.on_terminal("next", cron).out


def test_the_days_of_an_expression_say_what_the_clocks_do_to_them(cli: Cli) -> None:
    spring = cli.on_terminal("next", "30 2 * * *", "--from", "2027-03-27", "-n", "2")
    autumn = cli.on_terminal("next", "*/15 * * * *", "--from", "2027-10-31")

    assert spring.lines[-1] == (
        "  Sun 28 Mar 2027  03:00   02:30 does not exist, clocks go forward → runs at 03:00"
    )
    assert "02:00 to 03:00 happens twice, clocks go back → runs both times" in autumn.out


def test_all_times_that_were_asked_for_are_there(cli: Cli) -> None:
    said = cli.on_terminal("next", "*/15 * * * *", "-n", "60", columns=60)

    days = said.out.split("\n\n")[-1]
    assert days.count(":") == 60
    assert "…" not in days


def test_one_job_is_a_list_of_days(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("next", "backup", "-n", "2")

    assert said.lines == ["Mon 23 Nov 03:00 CET", "Tue 24 Nov 03:00 CET"]


def test_a_note_stands_below_its_time_where_there_is_no_room(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup", when=(Cron("30 2 * * *", "Europe/Berlin"),)))
    story.db.close()

    said = cli.on_terminal("next", "backup", "--from", "2027-03-28", "-n", "1", columns=60)

    assert said.lines == [
        "Sun 28 Mar 2027 03:00 CEST",
        "   02:30 does not exist, clocks go forward → runs at 03:00",
    ]


def test_jobs_without_times_of_their_own_say_so(cli: Cli) -> None:
    story = cli.story()
    story.configured(
        make_job("warm-up", when=(OnStart(),)),
        make_job("crawl", when=(AfterEnd(MINUTE),)),
        make_job("off", when=(Cron("0 3 * * *", "UTC"),), enabled=False),
    )
    story.db.close()

    assert "it runs once per boot" in cli.on_terminal("next", "warm-up").err
    assert "1m after the end of each run" in cli.on_terminal("next", "crawl").err
    assert "off is disabled" in cli.on_terminal("next", "off").err
    assert cli.on_terminal("next").lines == []


def test_times_in_a_pause_are_marked(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup", when=(Cron("0 3 * * *", "Europe/Berlin"),)))
    with transaction(story.db):
        end = at("2026-11-24T00:00")
        pause(story.db, ["backup"], until=end, reason=None, by="root", at=SUNDAY)
    story.db.close()

    notes = [fire["note"] for fire in fires(cli, "backup", "-n", "2")]

    assert notes == ["paused", None]
    assert "paused · every day at 03:00" in cli.on_terminal("next").out
    assert cli.on_terminal("next", "backup", "-n", "2").lines == [
        "Mon 23 Nov 03:00 CET   paused",
        "Tue 24 Nov 03:00 CET",
    ]


def test_a_job_with_jitter_says_how_late_it_may_be(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("a", when=(Cron("0 3 * * *", "Europe/Berlin"),), jitter=MINUTE))
    story.db.close()

    assert "up to 1m later (jitter)" in cli.on_terminal("next").out


def test_a_week_is_a_picture(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("next", "--week", columns=80)

    empty = "· " * 24
    monday = "· · · ▪ ▪ · · ▪ · · · · · · · · ▪ · ▪ · · · · · "
    assert said.lines[:3] == [
        "             0     3     6     9     12    15    18    21",
        f"Sun 22 Nov   {empty} 0",
        f"Mon 23 Nov   {monday} 5",
    ]
    assert len(said.lines) == 9
    assert "ping (every minute) left out" in said.lines[-1]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "arguments",
    [("--week",), ("*/15 9-17 * * 1-5",), ("@every 90s",), ("backup", "--from", "2027-03-26")],
)
def test_pictures_and_lists_fit_the_screen(
    evening_cli: Cli, columns: int, arguments: tuple[str, ...]
) -> None:
    said = evening_cli.on_terminal("next", *arguments, columns=columns)

    assert max(map(len, said.lines)) <= columns


def test_a_week_of_what_runs_all_the_time_is_counted_in_full(cli: Cli) -> None:
    said = cli.on_terminal("next", "@every 1s", "--week", columns=80)

    assert said.lines[2] == f"Mon 23 Nov   {'█ ' * 24} 86 400"


def test_the_busiest_hours_are_named(cli: Cli) -> None:
    said = cli.on_terminal("next", "0,30 3 * * *", "0 12 * * *", "--week")

    assert "■ " in said.lines[2]
    assert said.lines[-1].endswith("busiest hour: 03")


def test_programs_get_the_times_of_the_week(cli: Cli) -> None:
    found = times(cli, "0 12 * * *", "--week")

    assert len(found) == 6  # the evening of the first day has none
    assert str(found[-1])[:10] == "2026-11-28"
