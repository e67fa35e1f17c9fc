"""flowcron history."""

from __future__ import annotations

import csv
import io
import json

import pytest

from fakes import make_job
from flowcron.domain.instant import SECOND
from flowcron.domain.run import State, Trigger
from flowcron.history.run_record import RUN_FIELDS
from rows import SUNDAY, Story, ago
from terminal import Cli

HOSTILE = "\x1b[2J\x1b]0;owned\x07 [red]x[/a] \u202eevil\nline\ttab"


def troubled(cli: Cli) -> Story:
    """Return a history with a run whose last line wants to do harm."""
    story = cli.story()
    story.configured(make_job("backup"), make_job("étl-日本"))
    story.run("étl-日本", ago(hours=2))
    story.run("backup", ago(hours=1), state=State.FAILED, took=2.5, last_line=HOSTILE)
    return story


def test_before_any_run_there_is_nothing_to_show_and_nothing_wrong(cli: Cli) -> None:
    assert cli.piped("history").out == ""
    assert cli.piped("history").code == 0
    assert json.loads(cli.piped("history", "--json").out) == {
        "schema": "flowcron.runs/1",
        "runs": [],
    }
    assert "nothing has run yet" in cli.on_terminal("history").err


def test_for_people_it_is_a_table_with_the_last_line_of_failures(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("history", columns=120)

    assert said.lines[0].split() == ["RUN", "JOB", "SCHEDULED", "TOOK", "TRY", "RESULT", "BY"]
    assert said.lines[1].startswith("●   97  extract     today 19:30:38  17m 41s  1/3  running")
    assert "exit 2 · psycopg.OperationalError: connection refused" in said.out
    assert "missed 3 times · the scheduler was down" in said.out
    assert "skipped · run 31 was still running" in said.out
    assert "ok after 1 retry" in said.out
    assert "timed out after 1h · SIGTERM" in said.out
    assert "ping hidden: 60 runs, all ok (--all)" in said.err


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_it_fits_the_screen(evening_cli: Cli, columns: int) -> None:
    said = evening_cli.on_terminal("history", columns=columns)

    assert max(map(len, said.lines)) <= columns
    assert "RESULT" in said.lines[0]


def test_wide_cuts_nothing_off(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("history", "--wide", columns=60)

    assert "psycopg.OperationalError: connection refused" in said.out


def test_a_program_gets_every_field_of_every_run_and_nothing_folded(evening_cli: Cli) -> None:
    said = json.loads(evening_cli.piped("history", "--all", "--json").out)

    assert said["schema"] == "flowcron.runs/1"
    assert [run["id"] for run in said["runs"]] == list(range(97, 0, -1))
    assert all(tuple(run) == RUN_FIELDS for run in said["runs"])


def test_json_is_exact(cli: Cli) -> None:
    troubled(cli)

    (run,) = json.loads(cli.piped("history", "backup", "--json").out)["runs"]

    assert run == {
        "id": 2,
        "job": "backup",
        "state": "failed",
        "trigger": "schedule",
        "scheduled_at": "2026-11-22T18:48:19+01:00",
        "started_at": "2026-11-22T18:48:19+01:00",
        "finished_at": "2026-11-22T18:48:21.500000+01:00",
        "duration": 2.5,
        "attempts": 1,
        "exit_code": 1,
        "signal": None,
        "reason": "exit 1",
        "upstream": None,
        "chain": None,
        "retry_of": None,
        "waits": None,
        "late": None,
        "slow": None,
    }


def test_piped_it_is_one_line_a_run_without_a_header(cli: Cli) -> None:
    troubled(cli)

    said = cli.piped("history")

    assert [line.split("\t")[:4] for line in said.lines] == [
        ["2", "backup", "failed", "schedule"],
        ["1", "étl-日本", "success", "schedule"],
    ]
    assert cli.piped("history", "--header").lines[0].split("\t") == list(RUN_FIELDS)
    assert said.err == ""


def test_csv_and_json_lines_have_the_fields_asked_for(cli: Cli) -> None:
    troubled(cli)

    table = list(csv.DictReader(io.StringIO(cli.piped("--format", "csv", "history").out)))
    lines = cli.piped("history", "--json", "id,state", "--format", "jsonl").lines

    assert [row["job"] for row in table] == ["backup", "étl-日本"]
    assert [json.loads(line) for line in lines] == [
        {"id": 2, "state": "failed"},
        {"id": 1, "state": "success"},
    ]


def test_json_lists_its_fields_and_refuses_others(cli: Cli) -> None:
    assert cli.piped("history", "--json", "help").lines == list(RUN_FIELDS)
    wrong = cli.piped("history", "--json", "id,jbo")
    assert wrong.code == 2
    assert 'no field "jbo"; did you mean "job"?' in wrong.err


def test_a_job_after_json_is_a_job(cli: Cli) -> None:
    troubled(cli)

    said = cli.piped("history", "--json", "backup")

    assert [run["job"] for run in json.loads(said.out)["runs"]] == ["backup"]


def test_what_a_job_printed_does_nothing_to_the_terminal(cli: Cli) -> None:
    troubled(cli)

    for arguments in (("history",), ("history", "--wide"), ("history", "--color", "never")):
        said = cli.on_terminal(*arguments, columns=140)
        assert "\\x1b[2J\\x1b]0;owned\\x07 [red]x[/a] \\u202eevil\\nline\\ttab" in said.out
        assert not set("\x1b\x07\u202e\t") & set(said.out)


def test_colours_are_there_when_wanted_and_never_alone(cli: Cli) -> None:
    troubled(cli)
    cli.environment.delenv("NO_COLOR")

    plain, coloured = cli.piped("history"), cli.on_terminal("history")
    never = cli.on_terminal("history", "--color", "never")
    cli.environment.setenv("TERM", "dumb")
    dumb = cli.on_terminal("history")
    cli.environment.setenv("FORCE_COLOR", "1")
    forced = cli.on_terminal("history")

    assert "\x1b[31m✗\x1b[0m" in coloured.out
    assert "exit 1" in coloured.out
    assert "\x1b" in forced.out
    assert not [said for said in (plain, never, dumb) if "\x1b" in said.out]


def test_without_utf8_the_symbols_are_ascii(cli: Cli) -> None:
    troubled(cli)

    said = cli.on_terminal("history", encoding="iso8859-1")
    cli.environment.setenv("FLOWCRON_ASCII", "1")
    asked = cli.on_terminal("history", "backup")

    assert said.lines[1].startswith("x    2  backup")
    assert asked.lines[1].isascii()


def test_runs_can_be_chosen_by_time_state_and_trigger(cli: Cli) -> None:
    story = troubled(cli)
    story.run("backup", ago(days=3), trigger=Trigger.MANUAL, requested_by="root")

    def numbers(*arguments: str) -> list[int]:
        said = json.loads(cli.piped("history", "--json", "id", *arguments).out)
        return [run["id"] for run in said["runs"]]

    assert numbers("--since", "90m") == [2]
    assert numbers("--since", "yesterday", "--oldest-first") == [1, 2]
    assert numbers("--until", "today") == [3]
    assert numbers("--state", "failed,lost") == [2]
    assert numbers("--by", "manual") == [3]
    assert numbers("-n", "1") == [3]
    assert numbers("back*") == [3, 2]


def test_a_run_says_what_made_it_what_it_waits_for_and_whether_it_was_late_or_slow(
    cli: Cli,
) -> None:
    story = cli.story()
    story.configured(make_job("extract"), make_job("load"))
    first = story.run("extract", ago(hours=3), took=240)
    late = story.run("load", ago(hours=2), trigger=Trigger.AFTER)
    again = story.run("load", ago(hours=1), trigger=Trigger.RETRY, requested_by="root")
    slow = story.running("extract", ago(minutes=17))
    waiting = story.claimed("load", ago(minutes=9), state=State.QUEUED)
    story.mark(late, chain=first, upstream=first, late=5 * 60 * SECOND)
    story.mark(again, retry_of=late, slow_at=ago(minutes=58))
    story.mark(slow, slow_at=ago(minutes=3))
    story.mark(waiting, waits="pool db: 2 of 2 in use")

    rows = [line.split("  ") for line in cli.on_terminal("history").lines[1:]]
    said = json.loads(cli.piped("history", "--json").out)["runs"]

    assert [row[-1].strip() for row in rows] == [
        "schedule",
        "schedule",
        f"retry of {late}",
        f"run {first}",
        "schedule",
    ]
    assert [next(cell for cell in row if cell[:2] in {"qu", "ru", "ok"}) for row in rows] == [
        "queued · waits for pool db: 2 of 2 in use",
        "running · slow, usually 4m",
        "ok · slow",
        "ok · 5m late",
        "ok",
    ]
    assert said[0]["waits"] == "pool db: 2 of 2 in use"
    assert said[1]["slow"] == "2026-11-22T19:45:19+01:00"
    assert said[2]["retry_of"] == late
    assert [said[3][field] for field in ("chain", "upstream", "late")] == [first, first, 300.0]


def test_the_footer_counts_the_span_that_was_asked_for(cli: Cli) -> None:
    troubled(cli)

    said = cli.on_terminal("history", "--since", "1d")

    assert said.err == "\n2 runs · 50.0 % ok\n"


def test_the_footer_says_how_much_there_is(evening_cli: Cli) -> None:
    def footer(*arguments: str) -> str:
        return evening_cli.on_terminal("history", *arguments).err.strip()

    assert footer() == "20 of 97 runs · 95.7 % ok · ping hidden: 60 runs, all ok (--all)"
    assert footer("-n", "0") == "0 of 97 runs · 95.7 % ok"
    assert footer("backup", "-n", "5") == "5 of 15 runs · 100.0 % ok"
    assert footer("by-hand") == "1 run · 100.0 % ok"
    assert footer("--state", "failed") == "3 runs"
    assert footer("--state", "failed", "-n", "1") == "the newest 1 run (-n, --all)"
    assert footer("cleanup") == "no runs"


def test_a_history_of_noise_alone_is_shown(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("ping"))
    for minute in range(60, 0, -1):
        story.run("ping", ago(minutes=minute))

    said = cli.on_terminal("history")

    assert len(said.lines) == 21
    assert said.err == "\n20 of 60 runs · 100.0 % ok\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("backpu",), 4, 'there is no job "backpu"\n→ did you mean "backup"?'),
        (("--state", "fialed"), 2, 'did you mean "failed"?'),
        (("5",), 4, '"5" is a run and no job\n→ flowcron show 5'),
        (("--json", "sttae"), 4, 'a field of --json: did you mean "state"?'),
        (("--json", "sttae,id"), 2, 'there is no field "sttae"; did you mean "state"?'),
        (("--tz", "Europe/Berln"), 2, 'did you mean "Europe/Berlin"?'),
        (("--tz", "Europe/Berlin", "--utc"), 2, "--utc and --tz cannot both be"),
        (("--since", "soonish"), 2, '"soonish" is not a time'),
        (("--tz", "Europe/Pariss", "--since", "1d"), 2, 'unknown time zone "Europe/Pariss"'),
    ],
)
def test_mistakes_are_explained(
    cli: Cli, arguments: tuple[str, ...], code: int, message: str
) -> None:
    troubled(cli)

    said = cli.piped("history", *arguments)

    assert said.code == code
    assert message in said.err
    assert said.out == ""


def test_it_works_while_the_configuration_is_broken(cli: Cli) -> None:
    troubled(cli)
    (cli.folder / "schedules.toml").write_text("[jobs\n", encoding="utf-8")

    assert len(cli.piped("history").lines) == 2


def test_now_is_asked_once(cli: Cli) -> None:
    troubled(cli).run("backup", SUNDAY)

    assert "today 19:48" in cli.on_terminal("history").out
