"""flowcron show."""

from __future__ import annotations

import json
import os

import pytest

from fakes import make_job
from flowcron.cli.policyrecord import POLICY_FIELDS
from flowcron.domain.instant import SECOND, Instant
from flowcron.domain.run import State, Trigger
from flowcron.supervisor.segment import RECORD, STDERR_BIT
from rows import Story, ago
from terminal import Cli


def spoken(story: Story, run: int, *pieces: tuple[int, bytes], at: Instant) -> None:
    """Record what an attempt wrote: (1 for stdout, 2 for stderr, what)."""
    index = b"".join(
        RECORD.pack(at, len(content) | (STDERR_BIT if stream == 2 else 0))
        for stream, content in pieces
    )
    story.output(run, b"".join(content for _, content in pieces), index)


def test_a_run_is_shown_in_full(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("show", "91", columns=100)

    refused = "psycopg.OperationalError: connection refused"
    assert said.lines[0] == f"✗ daily-kpis · run 91 · exit 2 · {refused}"
    assert "  scheduled   Fri 20 Nov 2026 19:48:19 CET · schedule" in said.lines
    assert "finished 19:49:00 · took 41.0s" in said.out
    assert "  1        100  19:48:19   0.5s  ✗ exit 1" in said.lines
    assert "  3        100  19:48:19  41.0s  ✗ exit 2  waited 2s" in said.lines
    assert "before      ✗ failed 1d before (run 90)" in said.out
    assert "flowcron logs 91" in said.err


def test_the_last_lines_of_stderr_are_shown_where_it_failed(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup"))
    bad = story.run("backup", ago(hours=1), state=State.FAILED)
    pieces = ((1, b"begun\n"), (2, b"error: \x1b[31m\xff [red]\n"), (1, b"done"))
    spoken(story, bad, *pieces, at=ago(hours=1))

    said = cli.on_terminal("show", str(bad))

    assert "  last lines of stderr\n  │ error: \\x1b[31m\\xff [red]\n" in said.out
    assert "begun" not in said.out
    assert "\x1b" not in said.out


@pytest.mark.parametrize(
    ("selector", "run"),
    [("91", 91), ("backup~1", 27), ("daily-kpis~2", 89), ("@last", 97), ("@failed", 92)],
)
def test_a_run_has_many_names(evening_cli: Cli, selector: str, run: int) -> None:
    assert json.loads(evening_cli.piped("show", selector, "--json", "id").out)["id"] == run


def test_a_program_gets_a_run_with_its_attempts(evening_cli: Cli) -> None:
    said = json.loads(evening_cli.piped("show", "91", "--json").out)

    assert said["schema"] == "flowcron.run/1"
    assert (said["id"], said["state"], said["exit_code"]) == (91, "failed", 2)
    assert [attempt["attempt"] for attempt in said["attempts"]] == [1, 2, 3]
    assert said["attempts"][2]["last_line"] == "psycopg.OperationalError: connection refused"
    assert said["alerts"] == []


def test_the_exit_status_of_a_run_can_be_ours(evening_cli: Cli) -> None:
    assert evening_cli.piped("show", "daily-kpis", "--exit-status").code == 2
    assert evening_cli.piped("show", "92", "--exit-status").code == 128 + 15
    assert evening_cli.piped("show", "96", "--exit-status").code == 0


def test_a_job_is_shown_in_full(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("show", "backup", columns=100)

    what = "✓ backup · every day at 03:00 · next tomorrow 03:00 (in 7h)"
    assert said.lines[0] == f"{what:<84}schedules.toml:1"
    assert "retry 4 (10s, 20s, 40s, 1m20s)" in said.out
    assert "✓ 14 success      ! 1 missed" in said.out
    assert "usually 4m 12s · p95 4m 12s · longest 4m 12s" in said.out
    assert "▄▄▄▄▄▄▄▄▄▄▄▄▄▄!" in said.out


POLICIES = f"""
[pools]
db = 2
[jobs.extract]
command = "true"
[jobs.load]
after = "extract"
when = "always"
command = "true"
env = {{ LANG = "C" }}
env_file = "/srv/load.env"
inherit_env = false
secrets = {{ PGPASSWORD = "file:/etc/pg.pass" }}
group = {os.getegid()}
umask = "000"
memory = "1GiB"
stdin = ""
overlap = "allow"
max_running = 3
pool = "db"
slow_after = "1h"
on_lost = "rerun"
keep = {{ runs = 1, days = 90 }}
expect = {{ stdout_match = "^done$" }}
[jobs.report]
after = "load"
command = "true"
"""


def test_every_policy_of_a_job_is_shown(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(POLICIES, encoding="utf-8")

    said = cli.on_terminal("show", "load", columns=200)

    policies = ["no timeout", "no retry", "overlap allow, 3 at once", "slow after 1h", "pool db"]
    policies += ["run again when lost", "log 10 MB", "keep 1 run and 90d"]
    assert said.lines[0].split("  ")[1] == "load · after extract, however it ends"
    assert [line.strip() for line in said.lines[3:]] == [
        f"as          group {os.getegid()}      umask 000",
        "env         LANG      from /srv/load.env      nothing inherited but what cron gives",
        "limits      memory 1GiB",
        "stdin       nothing",
        "secrets     PGPASSWORD •••  (file:/etc/pg.pass)",
        f"policy      {' · '.join(policies)}",
        'expect      stdout matches "^done$"',
        "then        report",
    ]


def test_a_program_gets_every_policy_and_what_runs_before_and_after(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(POLICIES, encoding="utf-8")

    said = json.loads(cli.piped("show", "load", "--json").out)

    assert (said["after"], said["then"]) == (["extract"], ["report"])
    assert (said["umask"], said["memory"], said["stdin"]["bytes"]) == ("000", 2**30, 0)
    assert said["keep"] == {"age": 90 * 86_400.0, "runs": 1}
    assert said["expect"]["stdout_match"] == "^done$"
    assert said["secrets"] == {"PGPASSWORD": "file:/etc/pg.pass"}
    assert set(POLICY_FIELDS) <= set(said)


def test_values_of_variables_are_shown_nowhere(cli: Cli) -> None:
    (cli.folder / "schedules.toml").write_text(
        '[jobs.a]\ncommand = "true"\nenv = { TOKEN = "s3cret" }\n', encoding="utf-8"
    )

    assert "TOKEN" in cli.on_terminal("show", "a").out
    for arguments in (("show", "a"), ("show", "a", "--json")):
        assert "s3cret" not in cli.on_terminal(*arguments).out


def test_a_job_that_is_configured_no_more_is_still_known(evening_cli: Cli) -> None:
    config = evening_cli.folder / "schedules.toml"
    config.write_text('[jobs.other]\ncommand = "true"\n', encoding="utf-8")

    assert json.loads(evening_cli.piped("show", "backup", "--json").out)["job"] == "backup"


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("4711", "there is no run 4711"),
        ("99999999999999999999999", "there is no run"),
        ("bakcup", 'did you mean "backup"?'),
        ("backup~99", '"backup" has only 15 runs'),
    ],
)
def test_what_does_not_exist_exits_with_4(evening_cli: Cli, selector: str, message: str) -> None:
    said = evening_cli.piped("show", selector)

    assert said.code == 4
    assert message in said.err


LONG = "pg_dump --format=custom --no-owner shop | zstd -19 -o /backup/shop.sql.zst && echo done"


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_long_commands_and_reasons_go_on_below(cli: Cli, columns: int) -> None:
    reason = "could not start: [Errno 2] no such file or directory: '/opt/shop/current/bin/pg_dump'"
    story = cli.story()
    story.configured(make_job("backup", command=LONG, cwd="/"))
    story.run("backup", ago(hours=1), state=State.FAILED, reason=reason)

    job = cli.on_terminal("show", "backup", columns=columns)
    run = cli.on_terminal("show", "1", columns=columns)

    for said in (job, run):
        assert " ".join(said.out.split()).count(LONG) == 1
        assert "…" not in said.out
        assert max(map(len, said.lines)) <= columns
    assert "overlap skip · log 10 MB" in " ".join(job.out.split())
    assert reason in " ".join(run.out.split())


def test_a_folder_is_named_as_people_know_it(cli: Cli) -> None:
    home = cli.folder.parent / "home"
    story = cli.story()
    story.configured(
        make_job("here", cwd=str(cli.folder)),
        make_job("inside", cwd=f"{home}/etl"),
        make_job("home", cwd=str(home)),
    )

    assert f"  in          {cli.folder}\n" in cli.on_terminal("show", "here", "--wide").out
    assert "  in          ~/etl\n" in cli.on_terminal("show", "inside").out
    assert "  in          ~\n" in cli.on_terminal("show", "home").out


def test_a_job_says_where_it_stands_also_while_the_file_is_broken(evening_cli: Cli) -> None:
    config = evening_cli.folder / "schedules.toml"
    whole = json.loads(evening_cli.piped("show", "backup", "--json", "file,line").out)
    config.write_text(
        '[jobs.other]\nevery = "10x"\n\n' + config.read_text(encoding="utf-8"), encoding="utf-8"
    )
    broken = json.loads(evening_cli.piped("show", "backup", "--json", "file,line").out)

    assert (whole["file"], whole["line"]) == (str(config), 1)
    assert (broken["file"], broken["line"]) == (str(config), 4)
    assert evening_cli.on_terminal("show", "@last", columns=60).code == 0


def test_a_wait_shorter_than_a_second_is_not_none(cli: Cli) -> None:
    story = cli.story()
    story.configured(make_job("backup"))
    story.run("backup", ago(hours=1), state=State.FAILED, retries=1)

    assert "waited 0.5s" in cli.on_terminal("show", "1").out


def test_a_run_that_did_not_start_says_never(evening_cli: Cli) -> None:
    said = evening_cli.on_terminal("show", "94")

    assert "  started     never\n" in said.out
    assert "not started" not in said.out


@pytest.fixture
def chain_cli(cli: Cli) -> Cli:
    """Return a command line with a chain of which one run was late and slow, and done again."""
    story = cli.story()
    story.configured(make_job("extract"), make_job("load"), make_job("report"))
    first = story.run("extract", ago(hours=4))
    failed = story.run("load", ago(hours=3), state=State.FAILED, took=153)
    last = story.claimed("report", ago(hours=2), state=State.SKIPPED)
    again = story.run("load", ago(hours=1), trigger=Trigger.RETRY, took=38)
    waiting = story.claimed("report", ago(minutes=9), state=State.QUEUED)
    story.mark(failed, chain=first, upstream=first, late=5 * 60 * SECOND, slow_at=ago(minutes=179))
    story.mark(last, chain=first, upstream=failed)
    story.mark(again, chain=first, retry_of=failed)
    story.mark(waiting, waits="run 12 to end")
    return cli


def test_a_run_says_what_it_has_to_do_with_others(chain_cli: Cli) -> None:
    failed = chain_cli.on_terminal("show", "2")
    skipped = chain_cli.on_terminal("show", "3")
    again = chain_cli.on_terminal("show", "4")

    assert failed.out.endswith(
        "  after       ✓ extract 1\n  then        ⊘ report 3\n  retried by  ✓ run 4\n"
    )
    assert "  after       ✗ load 2      in the chain of run 1\n" in skipped.out
    assert "  retry of    ✗ run 2\n" in again.out


def test_a_run_says_how_late_and_how_slow_it_was_and_what_it_waits_for(chain_cli: Cli) -> None:
    failed = chain_cli.on_terminal("show", "2")
    waiting = chain_cli.on_terminal("show", "5")
    said = json.loads(chain_cli.piped("show", "2", "--json").out)

    assert "  started     16:48:19 · 5m late      finished 16:50:52" in failed.out
    assert "took 2m 33s (usually 38.0s)" in failed.out
    assert "  slow        since 16:49:19\n" in failed.out
    assert "  waits for   run 12 to end\n" in waiting.out
    assert (said["upstream"], said["chain"], said["late"]) == (1, 1, 300.0)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("run", ["1", "2", "3", "4", "5"])
def test_relatives_are_not_wider_than_the_screen(chain_cli: Cli, run: str, columns: int) -> None:
    said = chain_cli.on_terminal("show", run, columns=columns)

    assert max(map(len, said.lines)) <= columns


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("what", ["91", "backup", "@last", "94", "cleanup"])
def test_nothing_is_wider_than_the_screen(evening_cli: Cli, what: str, columns: int) -> None:
    said = evening_cli.on_terminal("show", what, columns=columns)

    assert said.code == 0
    assert max(map(len, said.lines)) <= columns
