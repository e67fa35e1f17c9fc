"""flowcron prune."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fakes import make_job
from flowcron.domain.instant import Instant, micros
from flowcron.domain.keep import NEWEST
from flowcron.domain.run import log_name
from flowcron.history.database import identity
from flowcron.system import clock
from rows import SUNDAY, Story
from terminal import Cli

if TYPE_CHECKING:
    from installed import Installed

STAYS = "keeps the last success, the last failure and the last 10 runs of every job"


@pytest.fixture
def old_cli(cli: Cli) -> Cli:
    """Return a command line in a project with a run a day, for 101 days."""
    told(cli.story())
    (cli.folder / "schedules.toml").write_text(
        '[history]\nkeep = "90d"\n[jobs.backup]\ncommand = "true"\n', encoding="utf-8"
    )
    return cli


def told(story: Story, now: Instant = SUNDAY) -> Story:
    story.configured(make_job("backup"))
    for day in range(100, -1, -1):
        due = Instant(now - micros(timedelta(days=day)))
        story.run("backup", due, output_bytes=1_000_000)
    return story


def count(cli: Cli) -> int:
    return int(cli.story().db.execute("SELECT count(*) FROM runs").fetchone()[0])


def test_it_says_what_it_would_delete_and_deletes_nothing(old_cli: Cli) -> None:
    said = old_cli.on_terminal("prune", "-n", columns=200)
    less = old_cli.on_terminal("prune", "-n", "--keep", "400d")

    assert said.lines == [f"would delete 10 runs and 10 MB of logs older than 24 Aug · {STAYS}"]
    assert less.lines == ["nothing to delete older than 18 Oct 2025"]
    assert (said.code, less.code, count(old_cli)) == (0, 0, 101)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_it_fits_the_screen(old_cli: Cli, columns: int) -> None:
    said = old_cli.on_terminal("prune", "-n", columns=columns)

    assert max(map(len, said.lines)) <= columns
    assert " ".join(said.out.split()).endswith(STAYS)


def test_it_deletes_runs_and_the_logs_of_runs_that_are_gone(old_cli: Cli) -> None:
    logs = [
        old_cli.history.parent / f"{log_name(run, 1, history=identity(old_cli.story().db))}.0.log"
        for run in (1, 101)
    ]
    for log in logs:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("said")

    said = old_cli.on_terminal("prune", "--yes", columns=200)

    assert said.lines == [f"deleted 10 runs and 10 MB of logs older than 24 Aug · {STAYS}"]
    assert (said.code, count(old_cli)) == (0, 91)
    assert [log.exists() for log in logs] == [False, True]


def test_what_is_said_on_the_command_line_goes_for_all_jobs(old_cli: Cli) -> None:
    (old_cli.folder / "schedules.toml").write_text(
        '[jobs.backup]\ncommand = "true"\nkeep = { runs = 30 }\n', encoding="utf-8"
    )

    own = old_cli.on_terminal("prune", "-n", columns=200)
    asked = old_cli.on_terminal("prune", "--keep", "50d", "--yes", columns=200)

    assert own.lines[0].startswith("would delete 71 runs and 71 MB of logs beyond what is kept of")
    assert asked.lines[0].startswith("deleted 50 runs and 50 MB of logs older than 3 Oct")
    assert count(old_cli) == 51


def test_the_last_runs_stay_whatever_is_asked(old_cli: Cli) -> None:
    old_cli.piped("prune", "--keep", "1s", "--yes")

    assert count(old_cli) == NEWEST


def test_programs_get_a_document(old_cli: Cli) -> None:
    foretold = json.loads(old_cli.piped("prune", "-n", "--json").out)
    gone = json.loads(old_cli.piped("prune", "--yes", "--json").out)

    assert foretold == {
        "schema": "flowcron.prune/1",
        "deleted": False,
        "runs": 10,
        "output_bytes": 10_000_000,
        "before": "2026-08-24T20:48:19+02:00",
    }
    assert gone == foretold | {"deleted": True}
    assert old_cli.piped("prune", "-n").lines[:2] == ["schema\tflowcron.prune/1", "deleted\tfalse"]


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [((), {}), (("--no-input",), {}), ((), {"FLOWCRON_NO_INPUT": "1"})],
)
def test_where_nobody_can_be_asked_it_wants_a_yes(
    old_cli: Cli, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        old_cli.environment.setenv(name, value)

    said = old_cli.on_terminal("prune", *arguments)

    assert said.code == 2
    assert "nobody can be asked here: say --yes" in said.err
    assert count(old_cli) == 101


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--keep", "90"), 2, '90 has no unit; write a unit: "90s" or "90m"'),
        (("-c", "none.toml"), 3, "none.toml"),
    ],
)
def test_mistakes_are_explained(
    old_cli: Cli, arguments: tuple[str, ...], code: int, message: str
) -> None:
    said = old_cli.piped("prune", "--yes", *arguments)

    assert said.code == code
    assert message in said.err
    assert count(old_cli) == 101


def test_a_log_that_cannot_be_deleted_is_said_and_the_runs_are_gone(old_cli: Cli) -> None:
    log = old_cli.history.parent / f"{log_name(1, 1, history=identity(old_cli.story().db))}.0.log"
    log.mkdir(parents=True)

    said = old_cli.piped("prune", "--yes")

    assert said.code == 1
    assert "the runs are deleted, some of their logs cannot be:" in said.err
    assert count(old_cli) == 91


def test_a_history_alone_is_enough_when_it_is_told_how_much_to_keep(old_cli: Cli) -> None:
    (old_cli.folder / "schedules.toml").unlink()

    assert old_cli.piped("prune", "--keep", "90d", "--yes").code == 0
    assert count(old_cli) == 91


@pytest.mark.parametrize(("answer", "code", "left"), [(b"y\n", 0, 90), (b"n\n", 1, 101)])
def test_a_person_in_a_terminal_is_asked(
    flowcron: Installed, answer: bytes, code: int, left: int
) -> None:
    flowcron.configure('[jobs.backup]\ncommand = "true"\n')
    told(Story(flowcron.folder / ".flowcron" / "history.db"), clock.now()).db.close()

    asked, ended = at_a_terminal(flowcron, "prune", "--keep", "90d", answer=answer)

    assert "delete 11 runs and 11 MB of logs older than" in asked
    assert ended == code
    assert flowcron.rows("SELECT count(*) FROM runs") == [(left,)]


def at_a_terminal(flowcron: Installed, *arguments: str, answer: bytes) -> tuple[str, int]:
    """Run a command in a terminal; answer once it asks."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        flowcron.argv(*arguments),
        cwd=flowcron.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        heard = b""
        while b"[y/N]" not in heard:
            assert select.select([ours], [], [], 30)[0], heard
            heard += os.read(ours, 4096)
        os.write(ours, answer)
        ended = process.wait(30)
    os.close(ours)
    return heard.decode(), ended
